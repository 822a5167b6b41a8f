import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApplicationFailure, WorkflowUpdateFailedError } from '@temporalio/client';
import { STOP_UPDATE, type DrainProgress, type RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD, type Action, type FaultControl } from '../../support/faults.js';
import { assertEqualsFold, fold, readTopic } from '../../support/fold.js';
import { assertDrained, produceOrders, untilAttemptFailed, untilProgress } from '../../support/runs.js';
import { createScenario, RunFailed, type Scenario } from '../../support/scenario.js';

const RECORDS = 3_000;

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('a run that is stopped or fails says what it did', { concurrency: true }, () => {
  const opened: Scenario[] = [];
  const open = async (pipeline = {}): Promise<[Scenario, FaultControl]> => {
    const beside = opened[0];
    const scenario = await createScenario({
      pipeline: { catchUp: false, ...pipeline },
      worker: { maxConcurrentDrains: 8 },
      ...(beside !== undefined && { beside }),
    });
    opened.push(scenario);
    return [scenario, faultsOf(scenario)];
  };
  let strict: [Scenario, FaultControl];
  let watched: [Scenario, FaultControl];
  let stubborn: [Scenario, FaultControl];
  let hung: [Scenario, FaultControl];
  let updated: [Scenario, FaultControl];
  let cancelled: [Scenario, FaultControl];
  before(async () => {
    strict = await open({ deadLetters: { tolerate: 'none' } });
    watched = await open();
    stubborn = await open();
    hung = await open({ limits: { stallTimeout: '10s' } });
    updated = await open({ limits: { stallTimeout: '10s' } });
    cancelled = await open({ limits: { stallTimeout: '10s' } });
    await strict[0].startWorker(FAULTY_THREAD);
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  test('while it runs, its heartbeats tell how far it is', async () => {
    const [scenario, faults] = watched;
    faults.arm({ batchRecords: 100, strike: { place: 'in-batch', action: 'hold', time: 8 } });
    await produceOrders(scenario, { records: RECORDS });
    const run = await scenario.trigger();
    await faults.struck();
    const progress = await untilProgress(run, 'the first batches', ({ read }) => read >= 500);
    assert.deepEqual(Object.keys(progress), [
      'phase',
      'read',
      'written',
      'lag',
      'ratePerSecond',
      'budgetLeftSeconds',
      'deadLettered',
      'resumed',
      'committed',
    ]);
    assert.equal(progress.phase, 'draining');
    assert.equal(progress.read + progress.lag, RECORDS);
    assert.equal(progress.written, progress.read);
    assert.equal(sumOf(progress), progress.read);
    assert.ok(progress.budgetLeftSeconds > 0 && progress.budgetLeftSeconds <= 240);
    faults.letGo();
    const result = await run.result();
    assert.equal(result.records.read, RECORDS);
    assertBalanced(result);
    await assertDrained(scenario);
  });

  test('a bad record that is not tolerated: a typed failure; everything before it is written and committed', async () => {
    const [scenario] = strict;
    const good = Array.from({ length: 400 }, (_, index) => ({
      key: `o-${String(index)}`,
      value: JSON.stringify({ index }),
      partition: 1,
    }));
    await scenario.produce(good);
    await scenario.produce([{ key: 'bad', value: 'SECRET{', partition: 1 }]);
    await scenario.produce(good);
    const failure = await failureOf((await scenario.trigger()).result());
    assert.equal(failure.code, 'BAD_RECORD');
    assert.match(failure.message, new RegExp(`${scenario.topic}-1 offset 400: `));
    assert.ok(!failure.message.includes('SECRET'), 'no record contents');
    const progress = progressIn(failure);
    assert.equal(progress.read, 400);
    assert.equal(progress.lag, 401);
    assert.deepEqual(
      progress.committed.find(({ partition }) => partition === `${scenario.topic}-1`),
      { partition: `${scenario.topic}-1`, offset: '400' },
    );
    assert.equal((await scenario.committed())[1], '400');
    const before = (await readTopic(scenario.kafka, scenario.topic)).filter(({ offset }) => offset < 400n);
    await assertEqualsFold(scenario.collection, fold(scenario.topic, before));
    assert.equal(await scenario.deadLetters.countDocuments(), 0);
  });

  /** Stops a run whose drain has got stuck; neither run nor caller may be told that all went well. */
  const stopStuck = async (
    [scenario, faults]: [Scenario, FaultControl],
    action: Action,
    code: string,
  ): Promise<void> => {
    faults.arm({ batchRecords: 200, strike: { place: 'in-batch', action, time: 7 } });
    await produceOrders(scenario, { records: RECORDS });
    const run = await scenario.trigger();
    await faults.struck();
    const answer: unknown = await run.handle.executeUpdate(STOP_UPDATE).catch((error: unknown) => error);
    const failure = await failureOf(run.result());
    assert.equal(failure.code, code);
    assert.ok(progressIn(failure).read > 0);
    assert.ok(answer instanceof WorkflowUpdateFailedError, String(answer));
    assert.ok(answer.cause instanceof ApplicationFailure);
    assert.equal(answer.cause.type, code);
  };

  test('a drain that is alive but does not stop when asked is killed after the grace period', async () => {
    await stopStuck(stubborn, 'hold', 'HARD_KILLED');
  });

  test('a drain that hears nothing any more is killed for its silence, also when it should stop', async () => {
    await stopStuck(hung, 'loop', 'THREAD_SILENT');
  });

  /** The first attempt commits something and is terminated; while it waits for the second, somebody stops the run. */
  const stopBetweenAttempts = async (
    [scenario, faults]: [Scenario, FaultControl],
    stop: (run: Awaited<ReturnType<Scenario['trigger']>>) => Promise<unknown>,
  ): Promise<RunResult> => {
    faults.arm({ batchRecords: 200, strike: { place: 'in-batch', action: 'loop', time: 7 } });
    await produceOrders(scenario, { records: RECORDS });
    const run = await scenario.trigger();
    assert.match(await untilAttemptFailed(run), /^THREAD_SILENT/);
    await stop(run);
    const result = await run.result();
    assert.equal(result.stopReason, 'stopped');
    assert.equal(result.resumed, true);
    assert.ok(result.records.read > 0 && result.records.read < RECORDS);
    const committed = (await scenario.committed()).reduce(
      (sum, offset) => sum + Math.max(0, Number(offset)),
      0,
    );
    assert.equal(result.records.read, committed);
    assert.equal(result.lagAfter, RECORDS - committed);
    assertBalanced(result);
    return result;
  };

  test('stopped by the update between two attempts: the result tells what the first one committed', async () => {
    let answer: unknown;
    const result = await stopBetweenAttempts(updated, async ({ handle }) => {
      answer = await handle.executeUpdate(STOP_UPDATE);
    });
    assert.deepEqual(answer, result);
  });

  test('cancelled between two attempts: the result tells what the first one committed', async () => {
    await stopBetweenAttempts(cancelled, ({ handle }) => handle.cancel());
    const [scenario, faults] = cancelled;
    faults.arm({});
    const next = await scenario.run();
    assert.equal(next.stopReason, 'drained');
    assert.equal(next.continuity, 'continuous');
    assertBalanced(next);
    await assertDrained(scenario);
  });
});

async function failureOf(result: Promise<RunResult>): Promise<RunFailed> {
  const failure: unknown = await result.catch((error: unknown) => error);
  if (failure instanceof RunFailed) return failure;
  throw new Error(`not a typed failure: ${JSON.stringify(failure)}`);
}

function progressIn({ details }: RunFailed): DrainProgress {
  assert.ok(Array.isArray(details) && details.length === 1, 'the last progress is in the failure');
  return (details as DrainProgress[])[0] as DrainProgress;
}

/** Every topic of these tests begins at offset 0. */
function sumOf({ committed }: DrainProgress): number {
  return committed.reduce((sum, { offset }) => sum + Number(offset ?? 0), 0);
}
