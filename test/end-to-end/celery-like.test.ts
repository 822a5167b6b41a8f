import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../support/books.js';
import { pipelineOfExample } from '../support/example.js';
import { FAULTY_THREAD, faultsOf, type FaultControl } from '../support/faults.js';
import { assertEqualsFold, fold, readTopic } from '../support/fold.js';
import { produceOrders, untilAttemptFailed } from '../support/runs.js';
import { createScenario, type Scenario } from '../support/scenario.js';
import { until } from '../support/until.js';

/** Seconds in place of the example's minutes; it takes its times from the environment. */
const TIMES = { IDLE_TIMEOUT: '3s', BUDGET: '20s', HARD_KILL: '24s' };
const RECORDS_BEFORE = 40;

describe('the timer-run consumer as a configuration (examples/celery-like)', () => {
  let scenario: Scenario;
  let faults: FaultControl;
  /** Where the group began; what is older is skipped by `start: latest`. */
  let begun: string[];

  before(async () => {
    Object.assign(process.env, TIMES);
    scenario = await createScenario({ pipeline: pipelineOfExample('celery-like') });
    faults = faultsOf(scenario);
    await scenario.startWorker(FAULTY_THREAD);
  });
  after(() => scenario.close());

  /** Everything since the beginning is committed and stored, however often it was read. */
  const assertAllStored = async () => {
    const ends = await scenario.admin.fetchTopicOffsets(scenario.topic);
    const high = ends.sort((a, b) => a.partition - b.partition).map((partition) => partition.high);
    assert.deepEqual(await scenario.committed(), high);
    const records = await readTopic(scenario.kafka, scenario.topic);
    const ours = records.filter(({ partition, offset }) => offset >= BigInt(begun[partition] ?? '0'));
    await assertEqualsFold(scenario.collection, fold(scenario.topic, ours));
  };

  /** Waits until something more is committed than at the call. */
  const untilCommit = async () => {
    const before = (await scenario.committed()).join();
    await until('a commit', async () => (await scenario.committed()).join() !== before || null);
  };

  test('starts at the end, and commits that before it has read anything', async () => {
    await produceOrders(scenario, { records: RECORDS_BEFORE });
    const result = await scenario.run();
    assert.deepEqual([result.stopReason, result.records.read], ['idle', 0]);
    begun = await scenario.committed();
    assert.equal(
      begun.reduce((sum, offset) => sum + Number(offset), 0),
      RECORDS_BEFORE,
    );
    assert.equal(await scenario.collection.countDocuments(), 0);
  });

  test('reads what came between two runs, which a consumer at `latest` would skip', async () => {
    await produceOrders(scenario, { records: 500, ids: 200 });
    const result = await scenario.run();
    assert.deepEqual([result.stopReason, result.records.read], ['idle', 500]);
    assertBalanced(result);
    await assertAllStored();
  });

  test('goes on while records come, beyond the end at its start, until nothing comes', async () => {
    faults.arm({ batchRecords: 20, batchDelayMs: 100 });
    await produceOrders(scenario, { records: 300, ids: 200 });
    const run = await scenario.trigger();
    await untilCommit();
    await produceOrders(scenario, { records: 100, ids: 100 });
    const result = await run.result();
    assert.deepEqual([result.stopReason, result.records.read], ['idle', 400]);
    await assertAllStored();
  });

  test('runs overlap in one group and both end, with every document right', async () => {
    faults.arm({ batchRecords: 20, batchDelayMs: 50 });
    await produceOrders(scenario, { records: 1_500, ids: 300 });
    const first = await scenario.trigger('ALLOW_ALL');
    // really in the middle; and two starts in one second would have one workflow id
    await untilCommit();
    const second = await scenario.trigger('ALLOW_ALL');
    const results = await Promise.all([first.result(), second.result()]);
    for (const result of results) {
      assert.equal(result.stopReason, 'idle');
      assertBalanced(result);
    }
    await assertAllStored();
  });

  test('a run that never ends is killed, and what it had not committed is read again', async () => {
    faults.arm({ batchRecords: 20, strike: { place: 'in-batch', action: 'loop', time: 3 } });
    await produceOrders(scenario, { records: 500, ids: 100 });
    const run = await scenario.trigger();
    await faults.struck();
    assert.match(await untilAttemptFailed(run), /^(HARD_KILLED|THREAD_SILENT): /);
    const result = await run.result();
    assert.deepEqual([result.stopReason, result.attempt, result.records.read], ['idle', 2, 500]);
    assertBalanced(result);
    await assertAllStored();
  });
});
