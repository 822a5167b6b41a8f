import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { stackFromEnvironment } from '../support/stack.js';
import { BASE_TIME, seededRandom, tombstone, upsert } from './models.js';
import { openTarget } from './target.js';

const NEVER = new AbortController().signal;
const IDS = 1_200;
const RECORDS = 24_000;
const BATCH = 600;

/** A log of one partition; deletes and updates of few ids, so that writers meet. */
function recordsOf(seed: number): WriteModel[] {
  const random = seededRandom(seed);
  return Array.from({ length: RECORDS }, (_, index) => {
    const model = { id: `o-${Math.floor(random() * IDS)}`, offset: BigInt(index) };
    return random() < 0.15 ? tombstone({ ...model, purgeAt: new Date(BASE_TIME + index) }) : upsert(model);
  });
}

/** Newest of each id in a stretch of the log, as the drain coalesces it. */
function stretch(records: readonly WriteModel[], from: number, to: number): WriteModel[] {
  return [...new Map(records.slice(from, to).map((model) => [model.idKey, model])).values()];
}

for (const seed of [11, 12, 13]) {
  test(`writers that replay old ranges never move a document back (seed ${seed})`, async () => {
    const { mongodb } = stackFromEnvironment();
    await using target = await openTarget(mongodb);
    const options = { database: target.db.databaseName };
    await using second = await openTarget(mongodb, undefined, options);
    await using third = await openTarget(mongodb, undefined, options);
    const records = recordsOf(seed);
    const random = seededRandom(seed + 100);
    let written = 0;

    const drain = async (): Promise<void> => {
      for (; written < RECORDS; written += BATCH) {
        const models = stretch(records, written, written + BATCH);
        const { inserted, updated, deleted, unchanged } = await target.sink.write(models, NEVER);
        assert.equal(inserted + updated + deleted + unchanged, models.length);
      }
    };
    // Zombies write ranges that the drain has written, or is writing right now.
    const zombie = async (sink: typeof second.sink): Promise<void> => {
      while (written < RECORDS) {
        const from = Math.floor(random() * Math.min(written + BATCH, RECORDS));
        const models = stretch(records, from, Math.min(from + BATCH, written + BATCH));
        await sink.write(models, NEVER);
      }
    };
    // Offsets only ever rise, also while all write.
    const watch = async (): Promise<void> => {
      const seen = new Map<unknown, bigint>();
      while (written < RECORDS) {
        for (const { _id, _kafka } of await target.documents()) {
          const { offset } = _kafka as { offset: bigint };
          assert.ok(offset >= (seen.get(_id) ?? 0n), `${String(_id)} went back to ${offset}`);
          seen.set(_id, offset);
        }
      }
    };
    await Promise.all([drain(), zombie(second.sink), zombie(third.sink), watch()]);

    const expected = new Map(stretch(records, 0, RECORDS).map((model) => [model.id, model]));
    const documents = await target.documents();
    assert.equal(documents.length, expected.size);
    for (const document of documents) {
      const model = expected.get(document['_id']);
      const { offset, deleted } = document['_kafka'] as { offset: bigint; deleted?: boolean };
      assert.equal(offset, model?.version.offset);
      assert.equal(deleted === true, model?.kind === 'delete');
    }
  });
}
