import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD, type FaultControl } from '../../support/faults.js';
import { assertDrained, produceOrders, untilProgress } from '../../support/runs.js';
import { createScenario, type Run, type Scenario } from '../../support/scenario.js';
import { until } from '../../support/until.js';

const RECORDS = 4_000;

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('a second run is due while the first is under way', { concurrency: true }, () => {
  const opened: Scenario[] = [];
  const open = async (overlap: string): Promise<[Scenario, FaultControl]> => {
    const beside = opened[0];
    const scenario = await createScenario({
      partitions: 4,
      pipeline: { schedule: { overlap } },
      worker: { maxConcurrentDrains: 6 },
      ...(beside !== undefined && { beside }),
    });
    opened.push(scenario);
    const faults = faultsOf(scenario);
    faults.arm({ batchRecords: 50, batchDelayMs: 250 });
    return [scenario, faults];
  };
  /** The first run, which has committed something and has still more to do. */
  const underWay = async (scenario: Scenario): Promise<Run> => {
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const run = await scenario.trigger();
    await untilProgress(run, 'some records to be committed', ({ read }) => read > 0);
    return run;
  };
  let buffering: [Scenario, FaultControl];
  let cancelling: [Scenario, FaultControl];
  let allowing: [Scenario, FaultControl];
  before(async () => {
    buffering = await open('buffer-one');
    cancelling = await open('cancel-other');
    allowing = await open('allow-all');
    await buffering[0].startWorker(FAULTY_THREAD);
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  test('buffer-one: one run waits for the end of the first, however often it was due', async () => {
    const [scenario, faults] = buffering;
    const schedule = scenario.temporal.schedule.getHandle(`drain-${scenario.name}`);
    // Held, so that it can't end before the others are due.
    faults.arm({ batchRecords: 50, strike: { place: 'in-batch', action: 'hold', time: 5 } });
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const first = await scenario.trigger();
    await faults.struck();
    for (let times = 0; times < 3; times += 1) await schedule.trigger('BUFFER_ONE');
    await produceOrders(scenario, { records: 300 });
    faults.letGo();
    const result = await first.result();
    assert.equal(result.records.read, RECORDS);
    const second = await until('the buffered run', async () => {
      const newest = await scenario.newestRun();
      return newest?.runId === first.runId ? null : newest;
    });
    const next = await second.result();
    assert.equal(next.continuity, 'continuous');
    assert.equal(next.records.read, 300);
    assert.ok(next.startedAt >= endOf(result), 'one after the other');
    for (const each of [result, next]) assertBalanced(each);
    await assertDrained(scenario);
    const { info } = await schedule.describe();
    assert.deepEqual([info.numActionsTaken, info.runningActions.length], [2, 0]);
  });

  test('cancel-other: the first run keeps its partial result, the second one does the rest', async () => {
    const [scenario, faults] = cancelling;
    const first = await underWay(scenario);
    faults.arm({});
    const second = await scenario.trigger('CANCEL_OTHER');
    const [partial, rest] = await Promise.all([first.result(), second.result()]);
    assert.equal(partial.stopReason, 'stopped');
    assert.ok(partial.records.read > 0 && partial.records.read < RECORDS);
    assert.equal(rest.stopReason, 'drained');
    assert.equal(rest.continuity, 'continuous');
    assert.equal(partial.records.read + rest.records.read, RECORDS);
    for (const result of [partial, rest]) assertBalanced(result);
    await assertDrained(scenario);
  });

  test('allow-all: two runs in one process share the partitions, every record counts in exactly one of them', async () => {
    const [scenario] = allowing;
    const first = await underWay(scenario);
    const second = await scenario.trigger('ALLOW_ALL');
    await untilProgress(second, 'the second run to take part', ({ read }) => read > 0);
    await untilProgress(first, 'the first run to go on', () => true);
    const results = await Promise.all([first.result(), second.result()]);
    for (const result of results) {
      assert.equal(result.stopReason, 'drained');
      assert.equal(result.lagAfter, 0);
      assert.ok(result.records.read > 0);
      assertBalanced(result);
    }
    const read = results.reduce((sum, { records }) => sum + records.read, 0);
    assert.equal(read, RECORDS);
    await assertDrained(scenario);
  });
});

function endOf({ startedAt, durationMs }: { startedAt: string; durationMs: number }): string {
  return new Date(Date.parse(startedAt) + durationMs).toISOString();
}
