import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MongoClient, type Document } from 'mongodb';
import type { RunResult } from '../../../src/contract.js';
import { setupCollection } from '../../../src/mongodb/setup.js';
import { assertBalanced } from '../../support/books.js';
import { commitAs } from '../../support/group.js';
import { assertDrained } from '../../support/runs.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import { stackFromEnvironment } from '../../support/stack.js';

const DAY_MS = 24 * 60 * 60 * 1000;

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('tombstones', { concurrency: true }, () => {
  let soft: Scenario;
  let ignored: Scenario;
  const client = new MongoClient(stackFromEnvironment().mongodb);
  before(async () => {
    soft = await createScenario({
      partitions: 1,
      pipeline: { tombstoneWindow: '2d', limits: { maxRecords: 4 } },
    });
    ignored = await createScenario({ partitions: 1, pipeline: { deletes: 'ignore' }, beside: soft });
    await soft.startWorker();
  });
  after(async () => {
    await client.close();
    await ignored.close();
    await soft.close();
  });

  const run = async (scenario: Scenario): Promise<RunResult> => {
    const result = await scenario.run();
    assertBalanced(result);
    assert.equal(result.stopReason, 'drained');
    return result;
  };
  const produce = (scenario: Scenario, ...records: [id: string, version: number | null][]) =>
    scenario.produce(
      records.map(([key, version]) => ({
        key,
        value: version === null ? null : JSON.stringify({ version }),
      })),
    );
  const markersOf = (scenario: Scenario): Promise<Document[]> =>
    scenario.collection.find({ '_kafka.deleted': true }).sort({ _id: 1 }).toArray();

  /** Makes what `kafka-drain setup` makes; returns what the view shows. */
  const setUp = async ({ collection, deadLetters }: Scenario): Promise<() => Promise<string[]>> => {
    const { mongodb: uri } = stackFromEnvironment();
    const { dbName: database, collectionName } = collection;
    const deadLetterCollection = deadLetters.collectionName;
    const outcomes = await setupCollection({
      uri,
      database,
      collections: [collectionName],
      deadLetterCollection,
      tombstones: true,
      deadLettersExpireAfterMs: null,
    });
    assert.deepEqual([...new Set(outcomes.map(({ outcome }) => outcome))], ['created']);
    const view = client.db(database).collection(`${collectionName}_live`);
    return async () => (await view.find().sort({ _id: 1 }).toArray()).map(({ _id }) => String(_id));
  };

  test('replace the document by a marker that the view hides and that no replay overcomes, until a newer record comes', async () => {
    const visible = await setUp(soft);
    await produce(soft, ['a', 1], ['b', 1], ['c', 1], ['d', 1]);
    await run(soft);
    const before = Date.now();
    await produce(soft, ['a', null], ['b', null], ['never seen', null], ['c', null]);
    assert.equal((await run(soft)).records.deleted, 4);
    assert.deepEqual(await visible(), ['d']);
    await produce(soft, ['c', 3]);
    assert.equal((await run(soft)).records.updated, 1);
    assert.deepEqual(await visible(), ['c', 'd']);
    const markers = await markersOf(soft);
    assert.deepEqual(markers.map(({ _id }) => String(_id)), ['a', 'b', 'never seen']); // prettier-ignore
    for (const { _kafka, ...rest } of markers) {
      assert.deepEqual(Object.keys(rest), ['_id'], 'nothing of the document is left');
      const { purgeAt } = _kafka as { purgeAt: Date };
      assert.ok(purgeAt.getTime() >= before + 2 * DAY_MS && purgeAt.getTime() <= Date.now() + 2 * DAY_MS);
    }
    await assertDrained(soft);

    // With `maxRecords` each of the three rounds is replayed by a run of its own: no batch holds what came later.
    await commitAs(soft, { partition: 0, offset: 0n });
    for (const [stopReason, read] of [
      ['max-records', 4],
      ['max-records', 4],
      ['drained', 1],
    ] as const) {
      // prettier-ignore
      const replay = await soft.run();
      assertBalanced(replay);
      assert.deepEqual(
        [replay.stopReason, replay.records.read, replay.records.unchanged],
        [stopReason, read, read],
      );
      assert.deepEqual(await visible(), ['c', 'd']);
      assert.deepEqual(await markersOf(soft), markers, 'the markers are the same, purgeAt included');
    }

    await produce(soft, ['a', 9]);
    assert.equal((await run(soft)).records.updated, 1);
    assert.deepEqual(await visible(), ['a', 'c', 'd']);
    await assertDrained(soft);
  });

  test('are skipped where deletes are ignored', async () => {
    await produce(ignored, ['a', 1], ['b', 1], ['a', null], ['never seen', null]);
    const { records } = await run(ignored);
    assert.deepEqual([records.inserted, records.skipped], [2, 2]);
    assert.deepEqual((await ignored.collection.find().toArray()).map(({ _id }) => String(_id)).sort(), ['a', 'b']); // prettier-ignore
  });
});
