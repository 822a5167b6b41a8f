import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD, type Action, type FaultControl } from '../../support/faults.js';
import { assertDrained, produceOrders, untilAttemptFailed } from '../../support/runs.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import type { WorkerChild } from '../../support/worker-child.js';

const RECORDS = 3_000;

/** Enough for a slow machine to start a thread and drain the records, little enough to wait for a kill. */
const LIMITS = {
  budget: '20s',
  startToClose: '25s',
  heartbeatTimeout: '60s',
  // Long: here the age of the attempt decides. Tests about silence have their own.
  stallTimeout: '50s',
};

// Several pipelines on one worker: whatever one drain does, the worker and the others must not notice.
describe('a drain that does not end by itself is ended', { concurrency: true }, () => {
  let healthy: Scenario;
  let worker: WorkerChild;
  const scenarios: Scenario[] = [];
  const open = async (limits: object): Promise<[Scenario, FaultControl]> => {
    const scenario = await createScenario({ beside: healthy, pipeline: { limits } });
    scenarios.push(scenario);
    return [scenario, faultsOf(scenario)];
  };
  let waiting: [Scenario, FaultControl];
  let looping: [Scenario, FaultControl];
  let silent: [Scenario, FaultControl];
  let hungry: [Scenario, FaultControl];
  before(async () => {
    healthy = await createScenario({ worker: { maxConcurrentDrains: 5, threadHeapMb: 96 } });
    waiting = await open(LIMITS);
    looping = await open(LIMITS);
    // Long enough for five threads that start at once, two of which keep a core busy each when they have.
    silent = await open({ ...LIMITS, startToClose: '60s', stallTimeout: '20s' });
    // Collecting garbage to the very end takes a busy machine long.
    hungry = await open({ ...LIMITS, startToClose: '90s' });
    worker = await healthy.startWorker(FAULTY_THREAD);
  });
  after(async () => {
    for (const scenario of scenarios) await scenario.close();
    await healthy.close();
  });

  /** The first attempt is caught after some batches were committed; another pipeline is drained meanwhile; the second attempt finishes. */
  const survive = async ([scenario, faults]: [Scenario, FaultControl], action: Action) => {
    faults.arm({ batchRecords: 200, strike: { place: 'in-batch', action, time: 7 } });
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const run = await scenario.trigger();
    const failure = await untilAttemptFailed(run);
    assert.ok(faults.hasStruck(), `the attempt failed before the fault struck: ${failure}`);
    return { failure, result: await run.result() };
  };
  const assertResumed = async (scenario: Scenario, result: RunResult) => {
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.attempt, 2);
    assert.equal(result.resumed, true);
    assert.equal(result.records.read, RECORDS);
    assert.equal(result.lagBefore, RECORDS);
    assertBalanced(result);
    await assertDrained(scenario);
    assert.equal(worker.process.exitCode, null, 'the worker lives on');
  };

  test('a step that never returns: terminated before start-to-close, the next attempt goes on at the commits', async () => {
    const { failure, result } = await survive(waiting, 'never-return');
    assert.match(failure, /^HARD_KILLED: .* 22\.5 s /);
    await assertResumed(waiting[0], result);
  });

  test('an endless loop: terminated before start-to-close, the next attempt goes on at the commits', async () => {
    const { failure, result } = await survive(looping, 'loop');
    assert.match(failure, /^HARD_KILLED: .* 22\.5 s /);
    await assertResumed(looping[0], result);
  });

  test('a thread without a sign of life: terminated after the stall timeout, the next attempt goes on', async () => {
    const { failure, result } = await survive(silent, 'loop');
    assert.match(failure, /^THREAD_SILENT: .* 20 s /);
    await assertResumed(silent[0], result);
  });

  test('more memory than a thread may have: only the thread ends, the next attempt goes on', async () => {
    const { failure, result } = await survive(hungry, 'eat-memory');
    assert.match(failure, /^THREAD_OUT_OF_MEMORY: .* 96 MiB /);
    await assertResumed(hungry[0], result);
  });

  test('meanwhile the same worker drains another pipeline', async () => {
    await produceOrders(healthy, { records: 2_000 });
    await Promise.all([waiting, looping, silent].map(([, faults]) => faults.struck()));
    const result = await healthy.run();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.attempt, 1);
    assertBalanced(result);
    await assertDrained(healthy);
  });
});
