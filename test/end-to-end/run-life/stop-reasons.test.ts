import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { STOP_UPDATE, type RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD, type FaultControl } from '../../support/faults.js';
import { assertDrained, assertPartial, produceOrders, untilProgress } from '../../support/runs.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('a run ends for exactly one reason', { concurrency: 4 }, () => {
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
  let drained: [Scenario, FaultControl];
  let nothing: Scenario;
  let idle: Scenario;
  let budget: [Scenario, FaultControl];
  let late: [Scenario, FaultControl];
  let maximum: Scenario;
  let updated: [Scenario, FaultControl];
  let cancelled: [Scenario, FaultControl];
  before(async () => {
    drained = await open();
    [nothing] = await open();
    [idle] = await open({ until: 'idle', limits: { idleTimeout: '2s' } });
    budget = await open({ limits: { budget: '8s' } });
    late = await open({ limits: { budget: '10s' } });
    [maximum] = await open({ limits: { maxRecords: 1_234 } });
    updated = await open();
    cancelled = await open();
    await drained[0].startWorker(FAULTY_THREAD);
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  test('drained: the ends of the plan are committed; what came later is for the next run', async () => {
    const [scenario, faults] = drained;
    faults.arm({ strike: { place: 'before-join', action: 'hold' } });
    await produceOrders(scenario, { records: 3_000, ids: 1_000 });
    const run = await scenario.trigger();
    await faults.struck();
    await produceOrders(scenario, { records: 700 });
    faults.letGo();
    const result = await run.result();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.records.read, 3_000);
    assert.equal(result.lagBefore, 3_000);
    assert.equal(result.lagAfter, 700);
    assert.equal(result.attempt, 1);
    assert.equal(result.resumed, false);
    await assertPartial(scenario, result);
    const next = await scenario.run();
    assert.equal(next.records.read, 700);
    assertBalanced(next);
    await assertDrained(scenario);
  });

  test('nothing-to-do: no thread is started and the group is left alone, whoever is in it', async () => {
    await produceOrders(nothing, { records: 500 });
    assert.equal((await nothing.run()).stopReason, 'drained');
    const { joins, leave } = await joinAsStranger(nothing);
    const commits = await nothing.admin.fetchOffsets({ groupId: nothing.group, topics: [nothing.topic] });
    const result = await nothing.run();
    assert.equal(result.stopReason, 'nothing-to-do');
    assert.equal(result.continuity, 'continuous');
    assert.equal(result.records.read, 0);
    assertBalanced(result);
    assert.deepEqual(await startedActivities(nothing), ['planDrain']);
    assert.equal(joins(), 1, 'the stranger saw no rebalance');
    assert.deepEqual(
      await nothing.admin.fetchOffsets({ groupId: nothing.group, topics: [nothing.topic] }),
      commits,
    );
    await leave();
  });

  test('idle: records that arrive during the run are drained, too, until none comes for the idle timeout', async () => {
    await produceOrders(idle, { records: 1_000, ids: 500 });
    const run = await idle.trigger();
    await untilProgress(run, 'the planned records to be drained', ({ read }) => read === 1_000);
    await produceOrders(idle, { records: 1_000, ids: 500 });
    const result = await run.result();
    assert.equal(result.stopReason, 'idle');
    assert.equal(result.records.read, 2_000);
    assert.equal(result.lagAfter, 0);
    assertBalanced(result);
    await assertDrained(idle);
  });

  test('budget: the batches in hand are committed, the rest is left for the next run, which finishes it', async () => {
    const [scenario, faults] = budget;
    faults.arm({ batchRecords: 100, batchDelayMs: 500 });
    await produceOrders(scenario, { records: 9_000, ids: 3_000 });
    const first = await scenario.run();
    assert.equal(first.stopReason, 'budget');
    assert.ok(first.records.read > 0 && first.records.read < 9_000, String(first.records.read));
    await assertPartial(scenario, first);
    faults.arm({});
    const second = await scenario.run();
    assert.equal(second.stopReason, 'drained');
    assert.equal(second.continuity, 'continuous');
    assert.equal(second.records.read, 9_000 - first.records.read);
    assertBalanced(second);
    await assertDrained(scenario);
  });

  test('budget: what passes before the group has given out its partitions is not taken from it', async () => {
    const [scenario, faults] = late;
    faults.arm({ strike: { place: 'before-join', action: 'hold' } });
    await produceOrders(scenario, { records: 3_000, ids: 1_000 });
    const run = await scenario.trigger();
    await faults.struck();
    await sleep(10_500);
    faults.letGo();
    const result = await run.result();
    assert.deepEqual([result.stopReason, result.records.read], ['drained', 3_000]);
    assert.ok(result.durationMs > 10_000);
    assertBalanced(result);
    await assertDrained(scenario);
  });

  test('max-records: exactly so many are read, over all partitions together', async () => {
    await produceOrders(maximum, { records: 3_000, ids: 1_000 });
    const results: RunResult[] = [];
    for (let runs = 0; runs < 3; runs += 1) {
      const result = await maximum.run();
      await assertPartial(maximum, result);
      results.push(result);
    }
    assert.deepEqual(
      results.map(({ stopReason, records }) => [stopReason, records.read]),
      [
        ['max-records', 1_234],
        ['max-records', 1_234],
        ['drained', 532],
      ],
    );
    await assertDrained(maximum);
  });

  test('stopped by the update: its caller gets the very result of the run', async () => {
    const [scenario, faults] = updated;
    faults.arm({ batchRecords: 100, batchDelayMs: 200 });
    await produceOrders(scenario, { records: 6_000, ids: 2_000 });
    const run = await scenario.trigger();
    await untilProgress(run, 'some records to be committed', ({ read }) => read > 0);
    const answer: RunResult = await run.handle.executeUpdate(STOP_UPDATE);
    assert.equal(answer.stopReason, 'stopped');
    assert.ok(answer.records.read > 0 && answer.records.read < 6_000);
    assert.deepEqual(await run.result(), answer);
    assert.equal((await run.handle.describe()).status.name, 'COMPLETED');
    await assertPartial(scenario, answer);
  });

  test('stopped by cancelling the workflow: the run completes with its partial result', async () => {
    const [scenario, faults] = cancelled;
    faults.arm({ batchRecords: 100, batchDelayMs: 200 });
    await produceOrders(scenario, { records: 6_000, ids: 2_000 });
    const run = await scenario.trigger();
    await untilProgress(run, 'some records to be committed', ({ read }) => read > 0);
    await run.handle.cancel();
    const result = await run.result();
    assert.equal(result.stopReason, 'stopped');
    assert.ok(result.records.read > 0 && result.records.read < 6_000);
    assert.equal((await run.handle.describe()).status.name, 'COMPLETED');
    await assertPartial(scenario, result);
    faults.arm({});
    const next = await scenario.run();
    assert.equal(next.stopReason, 'drained');
    assert.equal(next.continuity, 'continuous');
    assert.equal(next.records.read, 6_000 - result.records.read);
    await assertDrained(scenario);
  });
});

/** A consumer with another assignor: a drain that tried to join would be refused, and any rebalance makes it join again. */
async function joinAsStranger({ kafka, group, topic }: Scenario) {
  const consumer = kafka.consumer({ groupId: group });
  let joins = 0;
  const joined = new Promise<void>((resolve) => {
    consumer.on('consumer.group_join', () => {
      joins += 1;
      resolve();
    });
  });
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  return { joins: () => joins, leave: () => consumer.disconnect() };
}

/** The types of the activities that the scenario's newest run started. */
async function startedActivities({ temporal, name }: Scenario): Promise<string[]> {
  const { info } = await temporal.schedule.getHandle(`drain-${name}`).describe();
  const newest = info.recentActions.at(-1)?.action.workflow;
  const history = await temporal.workflow
    .getHandle(newest?.workflowId ?? '', newest?.firstExecutionRunId)
    .fetchHistory();
  return (history.events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
  );
}
