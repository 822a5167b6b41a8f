import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD } from '../../support/faults.js';
import { assertDrained, produceOrders, untilProgress } from '../../support/runs.js';
import { createScenario, type Run, type Scenario } from '../../support/scenario.js';
import { until } from '../../support/until.js';

const RECORDS = 4_000;

describe('shutdown of a worker in mid-drain', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario();
  });
  after(() => scenario.close());

  test('the run completes with its partial result on another worker, and the next run follows at once', async () => {
    const faults = faultsOf(scenario);
    faults.arm({ batchRecords: 100, batchDelayMs: 300 });
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const leaving = await scenario.startWorker(FAULTY_THREAD);
    const run = await scenario.trigger();
    await untilProgress(run, 'some records to be committed', ({ read }) => read > 0);
    faults.arm({});
    const exit = once(leaving.process, 'exit');
    leaving.process.kill('SIGTERM');
    assert.deepEqual(await exit, [0, null]);
    await scenario.startWorker(FAULTY_THREAD);
    const partial = await run.result();
    assert.equal(partial.stopReason, 'shutdown');
    assert.equal(partial.attempt, 1);
    assert.ok(partial.records.read > 0 && partial.records.read < RECORDS);
    assert.equal(partial.lagAfter, RECORDS - partial.records.read);
    assertBalanced(partial);
    // Nobody triggers it: the run that was cut short did.
    const next = await (await runAfter(scenario, run)).result();
    assert.equal(next.stopReason, 'drained');
    assert.equal(next.continuity, 'continuous');
    assert.equal(next.lagBefore, partial.lagAfter);
    assert.equal(next.records.read, partial.lagAfter);
    assertBalanced(next);
    for (const [index, { start }] of next.partitions.entries()) {
      assert.equal(
        start,
        partial.partitions[index]?.committed ?? '0',
        'its plan begins where the other ended',
      );
    }
    await assertDrained(scenario);
  });
});

/** The run that the schedule started after the given one. */
function runAfter({ newestRun }: Scenario, { runId }: Run): Promise<Run> {
  return until('the next run', async () => {
    const newest = await newestRun();
    return newest === null || newest.runId === runId ? null : newest;
  });
}
