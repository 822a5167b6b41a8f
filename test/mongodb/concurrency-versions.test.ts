import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions } from '../../src/mongodb/version-order.js';
import { DrainError } from '../../src/errors.js';
import type { VersionOrder, VersionValue, WriteModel } from '../../src/mongodb/sink.js';
import { stackFromEnvironment } from '../support/stack.js';
import { BASE_TIME, seededRandom, tombstone, upsert } from './models.js';
import { openTarget, type Target } from './target.js';

const NEVER = new AbortController().signal;
const IDS = 400;
const RECORDS = 8_000;
const BATCH = 400;

interface Log {
  records: WriteModel[];
  order: VersionOrder;
}

/** Newest of each id in a stretch of the log, as the drain coalesces it. */
function stretch({ records, order }: Log, from: number, to: number): WriteModel[] {
  const newest = new Map<string, WriteModel>();
  for (const model of records.slice(from, to)) {
    const known = newest.get(model.idKey);
    if (known === undefined || compareVersions(known.version, model.version, order) <= 0)
      newest.set(model.idKey, model);
  }
  return [...newest.values()];
}

/** As attempts do: what could not be settled, since others remove what is being written, is written again. */
async function write({ sink }: Pick<Target, 'sink'>, models: readonly WriteModel[]): Promise<void> {
  for (;;) {
    try {
      await sink.write(models, NEVER);
      return;
    } catch (error) {
      if (!(error instanceof DrainError) || error.code !== 'WRITE_UNSETTLED') throw error;
    }
  }
}

/** Drains the log once while two others write old ranges of it again and again. */
async function drainAmongZombies(log: Log, targets: readonly Target[], seed: number): Promise<void> {
  const random = seededRandom(seed);
  let written = 0;
  const [own, ...others] = targets;
  if (own === undefined) throw new Error('nobody drains');
  const drain = async (): Promise<void> => {
    for (; written < RECORDS; written += BATCH) {
      await write(own, stretch(log, written, written + BATCH));
    }
  };
  const zombie = async (target: Target): Promise<void> => {
    while (written < RECORDS) {
      const from = Math.floor(random() * Math.min(written + BATCH, RECORDS));
      await write(target, stretch(log, from, Math.min(from + BATCH, written + BATCH)));
    }
  };
  await Promise.all([drain(), ...others.map(zombie)]);
}

async function openAll(versionOrder: VersionOrder): Promise<Target[]> {
  const { mongodb } = stackFromEnvironment();
  const first = await openTarget(mongodb, undefined, { versionOrder });
  const options = { versionOrder, database: first.db.databaseName };
  return [
    first,
    await openTarget(mongodb, undefined, options),
    await openTarget(mongodb, undefined, options),
  ];
}

async function closeAll(targets: readonly Target[]): Promise<void> {
  for (const target of targets) await target[Symbol.asyncDispose]();
}

test('with declared versions out of order in the log, writers that replay old ranges end at the newest of each id', async () => {
  const random = seededRandom(21);
  const declared = (): VersionValue => (random() < 0.5 ? BigInt(Math.floor(random() * 1_000)) : [3n, BigInt(Math.floor(random() * 50)), null]); // prettier-ignore
  const records = Array.from({ length: RECORDS }, (_, index): WriteModel => {
    const id = { shop: 'a', no: Math.floor(random() * IDS) };
    const model = { id, offset: BigInt(index), declared: declared() };
    return random() < 0.15 ? tombstone({ ...model, purgeAt: new Date(BASE_TIME + index) }) : upsert(model);
  });
  const log: Log = { records, order: 'declared' };
  const targets = await openAll('declared');
  try {
    await drainAmongZombies(log, targets, 22);
    const documents = (await targets[0]?.documents()) ?? [];
    const wanted = new Map(stretch(log, 0, RECORDS).map((model) => [JSON.stringify(model.id), model]));
    assert.equal(documents.length, wanted.size);
    for (const { _id, _kafka } of documents) {
      const model = wanted.get(JSON.stringify(_id));
      const { offset, deleted } = _kafka as { offset: bigint; deleted?: boolean };
      assert.deepEqual([offset, deleted === true], [model?.version.offset, model?.kind === 'delete']);
    }
  } finally {
    await closeAll(targets);
  }
});

test('with hard deletes, what writers of old ranges have brought back is gone once the log was replayed', async () => {
  const random = seededRandom(31);
  const records = Array.from({ length: RECORDS }, (_, index): WriteModel => {
    const model = { id: `o-${Math.floor(random() * IDS)}`, offset: BigInt(index) };
    return random() < 0.3 ? tombstone({ ...model, purgeAt: null }) : upsert(model);
  });
  const log: Log = { records, order: 'offset' };
  const targets = await openAll('offset');
  try {
    await drainAmongZombies(log, targets, 32);
    const newest = new Map(stretch(log, 0, RECORDS).map((model) => [model.id, model]));
    const [own] = targets;
    for (const { _id, _kafka } of (await own?.documents()) ?? []) {
      const model = newest.get(_id);
      const { offset } = _kafka as { offset: bigint };
      // never an older version of a document that is to be there
      if (model?.kind === 'upsert') assert.equal(offset, model.version.offset);
    }
    for (let from = 0; from < RECORDS; from += BATCH) {
      if (own !== undefined) await write(own, stretch(log, from, from + BATCH));
    }
    const documents = (await own?.documents()) ?? [];
    const wanted = [...newest.values()].filter(({ kind }) => kind === 'upsert');
    assert.deepEqual(
      documents.map(({ _id, _kafka }) => `${String(_id)} ${(_kafka as { offset: bigint }).offset}`).sort(),
      wanted.map(({ id, version }) => `${String(id)} ${version.offset}`).sort(),
    );
  } finally {
    await closeAll(targets);
  }
});
