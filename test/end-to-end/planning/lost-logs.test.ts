import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { failureOf } from '../../support/failure.js';
import { assertEqualsFold, fold, readTopic } from '../../support/fold.js';
import { commitAs } from '../../support/group.js';
import { orders } from '../../support/records.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import type { WorkerChild } from '../../support/worker-child.js';
import { expireRecords, recreateTopic } from '../../support/topic.js';

/** Within retention, and older than the records of the old log: between epochs no timestamp decides. */
const EARLIER = String(Date.now() - 3_600_000);

describe('a log that is not what it was', () => {
  const opened: Scenario[] = [];
  const open = async (): Promise<Scenario> => {
    const [beside] = opened;
    const worker = { maxConcurrentDrains: 8 };
    const scenario = await createScenario({ partitions: 2, worker, ...(beside !== undefined && { beside }) });
    opened.push(scenario);
    return scenario;
  };
  let expired: Scenario;
  let fewer: Scenario;
  let more: Scenario;
  let beyond: Scenario;
  let worker: WorkerChild;
  /** What the old logs of the recreated topics have led to. */
  const oldDocuments = new Map<Scenario, Map<string, Buffer>>();
  before(async () => {
    expired = await open();
    fewer = await open();
    more = await open();
    beyond = await open();
    worker = await expired.startWorker();
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  const run = async (scenario: Scenario): Promise<RunResult> => {
    const result = await scenario.run();
    assertBalanced(result);
    return result;
  };
  /** A first run over 20 records in each of two partitions; then the topic is deleted and created anew. */
  const recreate = async (scenario: Scenario, records: number) => {
    await scenario.produce([...orders(20), ...orders(20, { first: 100, partition: 1 })]);
    await run(scenario);
    oldDocuments.set(scenario, fold(scenario.topic, await readTopic(scenario.kafka, scenario.topic)));
    await recreateTopic(scenario, 2);
    const anew = orders(records, { version: 2 });
    await scenario.produce(anew.map((record) => ({ ...record, timestamp: EARLIER })));
  };

  describe('fails the run', { concurrency: true }, () => {
    test('where retention deleted records before they were read, naming partition and range', async () => {
      await expired.produce([...orders(20), ...orders(20, { first: 100, partition: 1 })]);
      await run(expired);
      await expired.produce(orders(15, { first: 200, partition: 1 }));
      await expireRecords(expired, 1, 26);
      const failure = await failureOf(run(expired));
      assert.equal(failure.code, 'RECORDS_EXPIRED');
      assert.match(failure.message, new RegExp(`${expired.topic}-1: records 20 up to 26 .*onDataLoss: skip`));
      assert.deepEqual(await expired.committed(), ['20', '20']);
    });

    for (const [what, records] of [
      ['fewer', 5],
      ['more', 60],
    ] as const) {
      // prettier-ignore
      test(`where the topic was recreated with ${what} records, again and again`, async () => {
        const scenario = what === 'fewer' ? fewer : more;
        await recreate(scenario, records);
        for (let time = 0; time < 2; time += 1) {
          const failure = await failureOf(run(scenario));
          assert.equal(failure.code, 'TOPIC_RECREATED');
          assert.match(failure.message, new RegExp(`topic "${scenario.topic}" was deleted and recreated .*epoch: 2`));
        }
        assert.deepEqual(await scenario.committed(), ['-1', '-1']);
        const documents = oldDocuments.get(scenario) ?? new Map<string, Buffer>();
        await assertEqualsFold(scenario.collection, documents);
      });
    }

    test('where the group’s offset lies beyond the end of the log', async () => {
      await beyond.produce([...orders(20), ...orders(20, { first: 100, partition: 1 })]);
      await run(beyond);
      await commitAs(beyond, { partition: 0, offset: 500n });
      const failure = await failureOf(run(beyond));
      assert.equal(failure.code, 'OFFSET_BEYOND_END');
      assert.match(
        failure.message,
        new RegExp(`${beyond.topic}-0: the committed offset 500 .*end 20.*epoch: 2`),
      );
      assert.deepEqual(await beyond.committed(), ['500', '20']);
    });
  });

  describe('is read once the operator has said how to go on', { concurrency: true }, () => {
    before(async () => {
      await expired.configure({ onDataLoss: 'skip' });
      await fewer.configure({ epoch: 2 });
      await more.configure({ epoch: 2, start: 'latest' });
      await beyond.configure({ epoch: 2 });
      await worker.kill('SIGTERM');
      worker = await expired.startWorker();
    });

    test('with onDataLoss skip, and the lost range is in the result', async () => {
      const result = await run(expired);
      assert.deepEqual(result.lost, [{ topic: expired.topic, partition: 1, from: '20', to: '26' }]);
      assert.deepEqual(
        [result.stopReason, result.continuity, result.records.inserted],
        ['drained', 'continuous', 9],
      );
      assert.deepEqual(await expired.committed(), ['20', '35']);
      assert.deepEqual((await run(expired)).lost, [], 'what was reported once is not reported again');
    });

    test('with epoch 2: the start policy applies, and new records win over the documents of the old log', async () => {
      const result = await run(fewer);
      assert.deepEqual([result.stopReason, result.continuity, result.epoch], ['drained', 'first', 2]);
      assert.deepEqual([result.records.read, result.records.updated], [5, 5]);
      assert.deepEqual(result.warnings.map(({ code }) => code), ['PREVIOUS_RUN_INCOMPARABLE']); // prettier-ignore
      const anew = fold(fewer.topic, await readTopic(fewer.kafka, fewer.topic), 2);
      assert.equal(anew.size, 5);
      await assertEqualsFold(fewer.collection, new Map([...(oldDocuments.get(fewer) ?? []), ...anew]));
      assert.deepEqual(await fewer.committed(), ['5', '0']);
    });

    test('with epoch 2 and latest: begins at the end, and later runs follow that', async () => {
      const first = await run(more);
      assert.deepEqual([first.stopReason, first.continuity, first.records.read], ['drained', 'first', 0]);
      assert.deepEqual(await more.committed(), ['60', '0']);
      await more.produce(orders(3, { version: 3 }));
      const second = await run(more);
      assert.deepEqual([second.continuity, second.records.updated, second.warnings], ['continuous', 3, []]);
      const records = await readTopic(more.kafka, more.topic);
      const anew = fold(more.topic, records.filter(({ offset }) => offset >= 60n), 2); // prettier-ignore
      await assertEqualsFold(more.collection, new Map([...(oldDocuments.get(more) ?? []), ...anew]));
    });

    test('with epoch 2 also where the offset that stood in the way was somebody else’s', async () => {
      const result = await run(beyond);
      assert.deepEqual([result.stopReason, result.records.read, result.records.updated], ['drained', 40, 40]);
      const records = await readTopic(beyond.kafka, beyond.topic);
      await assertEqualsFold(beyond.collection, fold(beyond.topic, records, 2));
      assert.deepEqual(await beyond.committed(), ['20', '20']);
      assert.equal((await run(beyond)).stopReason, 'nothing-to-do');
    });
  });
});
