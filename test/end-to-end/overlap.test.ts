import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../support/books.js';
import { FAULTY_THREAD, faultsOf } from '../support/faults.js';
import { assertDrained, produceOrders } from '../support/runs.js';
import { createScenario, untilNothingRuns, type Run, type Scenario } from '../support/scenario.js';
import { until } from '../support/until.js';

const SLOW = { batchRecords: 50, batchDelayMs: 100 };

/** Waits until the run has committed something, so that it is really in the middle. */
async function underWay(scenario: Scenario): Promise<void> {
  await until(
    'a first commit',
    async () => (await scenario.committed()).some((offset) => Number(offset) > 0) || null,
  );
}

async function runCount({ temporal, name }: Scenario): Promise<number> {
  const { count } = await temporal.workflow.count(`TaskQueue = '${name}'`);
  return count;
}

for (const members of [1, 2]) {
  describe(`overlap policy allow-all, members: ${members}`, () => {
    let scenario: Scenario;
    before(async () => {
      scenario = await createScenario({
        partitions: 4,
        pipeline: { members, schedule: { overlap: 'allow-all' } },
      });
      faultsOf(scenario).arm(SLOW);
      await scenario.startWorker(FAULTY_THREAD);
      await scenario.startWorker(FAULTY_THREAD);
    });
    after(() => scenario.close());

    test('two runs share the partitions of the group and both finish, every document as the fold', async () => {
      await produceOrders(scenario, { records: 8_000, ids: 1_000 });
      const first = await scenario.trigger('ALLOW_ALL');
      await underWay(scenario);
      const second = await scenario.trigger('ALLOW_ALL');
      const results = await Promise.all([first.result(), second.result()]);
      for (const result of results) {
        assert.equal(result.stopReason, 'drained');
        assertBalanced(result);
      }
      const read = results.map(({ records }) => records.read);
      assert.ok(
        read.every((count) => count > 0),
        `both took part: ${read.join(', ')}`,
      );
      await assertDrained(scenario);
    });
  });
}

describe('overlap policy skip', () => {
  let scenario: Scenario;
  let run: Run;
  before(async () => {
    scenario = await createScenario({ partitions: 2 });
    faultsOf(scenario).arm(SLOW);
    await scenario.startWorker(FAULTY_THREAD);
  });
  after(() => scenario.close());

  test('a tick during a run is dropped', async () => {
    await produceOrders(scenario, { records: 2_000 });
    run = await scenario.trigger();
    await underWay(scenario);
    const schedule = scenario.temporal.schedule.getHandle(`drain-${scenario.name}`);
    await schedule.trigger('SKIP');
    await until(
      'the tick to be dropped',
      async () => (await schedule.describe()).info.numActionsSkippedOverlap > 0 || null,
    );
    const result = await run.result();
    assert.equal(result.records.read, 2_000);
    assertBalanced(result);
    await assertDrained(scenario);
  });
});

describe('overlap policy terminate-other', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({ partitions: 2 });
    faultsOf(scenario).arm(SLOW);
    await scenario.startWorker(FAULTY_THREAD);
  });
  after(() => scenario.close());

  test('the first has no result, the second finishes, nothing moves back', async () => {
    await produceOrders(scenario, { records: 4_000, ids: 500 });
    const first = await scenario.trigger();
    await underWay(scenario);
    const second = await scenario.trigger('TERMINATE_OTHER');
    await assert.rejects(first.result());
    const result = await second.result();
    assert.equal(result.stopReason, 'drained');
    assertBalanced(result);
    await assertDrained(scenario);
  });
});

describe('catch-up', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({
      partitions: 2,
      pipeline: { limits: { budget: '2s', startToClose: '20s' } },
    });
    faultsOf(scenario).arm(SLOW);
    await scenario.startWorker(FAULTY_THREAD);
  });
  after(() => scenario.close());

  test('a run whose budget ended before its plan triggers the next one, until everything is drained', async () => {
    await produceOrders(scenario, { records: 6_000, ids: 500 });
    const first = await (await scenario.trigger()).result();
    assert.equal(first.stopReason, 'budget');
    assert.ok(first.records.read > 0 && first.lagAfter > 0);
    assertBalanced(first);
    await until(
      'the runs that catch up',
      async () =>
        (await scenario.admin.fetchTopicOffsets(scenario.topic))
          .sort((a, b) => a.partition - b.partition)
          .map(({ high }) => high)
          .join() === (await scenario.committed()).join() || null,
    );
    await assertDrained(scenario);
    assert.ok((await runCount(scenario)) >= 2, 'more than the one that was triggered');
  });

  test('no run follows while the schedule is paused', async () => {
    const schedule = scenario.temporal.schedule.getHandle(`drain-${scenario.name}`);
    await untilNothingRuns(schedule);
    await schedule.pause('maintenance');
    const before = await runCount(scenario);
    await produceOrders(scenario, { records: 6_000, ids: 500 });
    const result = await (await scenario.trigger()).result();
    assert.equal(result.stopReason, 'budget');
    const { info } = await schedule.describe();
    assert.equal(info.runningActions.length, 0);
    await until('the list of runs to be up to date', async () => (await runCount(scenario)) > before || null);
    assert.equal(await runCount(scenario), before + 1);
  });
});
