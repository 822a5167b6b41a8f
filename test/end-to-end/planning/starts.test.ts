import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../../support/books.js';
import { failureOf } from '../../support/failure.js';
import { assertEqualsFold, fold, readTopic } from '../../support/fold.js';
import { resetOffset } from '../../support/group.js';
import { orders } from '../../support/records.js';
import { expireRecords } from '../../support/topic.js';
import { assertDrained } from '../../support/runs.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

/** Within retention, on a full second. */
const AN_HOUR_AGO = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('the first run of a group begins', { concurrency: true }, () => {
  const opened: Scenario[] = [];
  const open = async (start: unknown): Promise<Scenario> => {
    const [beside] = opened;
    const worker = { maxConcurrentDrains: 4 };
    const scenario = await createScenario({
      partitions: 2,
      pipeline: { start },
      worker,
      ...(beside !== undefined && { beside }),
    });
    opened.push(scenario);
    return scenario;
  };
  let earliest: Scenario;
  let latest: Scenario;
  let fail: Scenario;
  let timestamp: Scenario;
  before(async () => {
    earliest = await open('earliest');
    latest = await open('latest');
    fail = await open('fail');
    timestamp = await open({ timestamp: AN_HOUR_AGO.toISOString() });
    await earliest.startWorker();
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  /** The collection is the fold of the records that a pipeline has to read. */
  const assertHolds = async (
    scenario: Scenario,
    wanted: (record: { partition: number; offset: bigint }) => boolean,
  ) => {
    const records = await readTopic(scenario.kafka, scenario.topic);
    await assertEqualsFold(scenario.collection, fold(scenario.topic, records.filter(wanted)));
  };

  test('with earliest at the first record that is still there', async () => {
    await earliest.produce([...orders(30), ...orders(10, { first: 100, partition: 1 })]);
    await expireRecords(earliest, 0, 12);
    const result = await earliest.run();
    assert.deepEqual([result.stopReason, result.continuity, result.lagBefore], ['drained', 'first', 28]);
    assert.deepEqual(result.partitions.map(({ start, end, read }) => [start, end, read]), [['12', '30', 18], ['0', '10', 10]]); // prettier-ignore
    assert.deepEqual(result.lost, []);
    assertBalanced(result);
    await assertDrained(earliest);
  });

  test('with latest at the end, and remembers it: records produced between two runs are not skipped', async () => {
    await latest.produce(orders(20));
    const first = await latest.run();
    assert.deepEqual([first.stopReason, first.continuity, first.records.read], ['drained', 'first', 0]);
    assert.deepEqual(await latest.committed(), ['20', '0']);
    await latest.produce([...orders(5, { first: 50 }), ...orders(7, { first: 100, partition: 1 })]);
    const second = await latest.run();
    assert.deepEqual(
      [second.stopReason, second.continuity, second.records.inserted],
      ['drained', 'continuous', 12],
    );
    assertBalanced(second);
    await assertHolds(latest, ({ partition, offset }) => partition === 1 || offset >= 20n);
  });

  test('with fail not at all, until an operator has set the offsets', async () => {
    await fail.produce([...orders(10), ...orders(10, { first: 100, partition: 1 })]);
    const failure = await failureOf(fail.run());
    assert.equal(failure.code, 'START_REQUIRED');
    assert.match(failure.message, new RegExp(`${fail.topic}-0: group "${fail.group}"`));
    assert.deepEqual(await fail.committed(), ['-1', '-1']);
    await resetOffset(fail, 0, 4);
    await resetOffset(fail, 1, 9);
    const result = await fail.run();
    assert.deepEqual(
      [result.stopReason, result.continuity, result.records.inserted],
      ['drained', 'unknown', 7],
    );
    assertBalanced(result);
    await assertHolds(fail, ({ partition, offset }) => offset >= (partition === 0 ? 4n : 9n));
  });

  test('with a timestamp at the first record of that time in each partition', async () => {
    const dated = (count: number, options: { first: number; partition: number }) =>
      orders(count, options).map((record, index) => ({
        ...record,
        timestamp: String(AN_HOUR_AGO.getTime() + (index - 3) * 1000),
      }));
    await timestamp.produce([
      ...dated(10, { first: 0, partition: 0 }),
      ...dated(3, { first: 100, partition: 1 }),
    ]);
    const first = await timestamp.run();
    assert.deepEqual([first.stopReason, first.records.inserted], ['drained', 7]);
    assert.deepEqual(first.partitions.map(({ start }) => start), ['3', '3']); // prettier-ignore
    await timestamp.produce(dated(1, { first: 200, partition: 1 }));
    const second = await timestamp.run();
    assert.equal(
      second.records.inserted,
      1,
      'once begun, the committed offset decides and not the timestamp',
    );
    assertBalanced(second);
    await assertHolds(timestamp, ({ offset }) => offset >= 3n);
  });
});
