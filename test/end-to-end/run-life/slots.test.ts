import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD, type FaultControl } from '../../support/faults.js';
import { assertDrained, produceOrders } from '../../support/runs.js';
import { drainsOf } from '../../support/history.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import type { WorkerChild } from '../../support/worker-child.js';
import { until } from '../../support/until.js';

describe('a worker all of whose drains are busy', () => {
  const busy: [Scenario, FaultControl][] = [];
  let quiet: Scenario;
  let waiting: Scenario;
  let first: WorkerChild;
  before(async () => {
    quiet = await createScenario({ worker: { maxConcurrentDrains: 2 } });
    first = await quiet.startWorker();
  });
  after(async () => {
    for (const scenario of [...busy.map(([scenario]) => scenario), waiting, quiet]) await scenario.close();
  });

  test('goes on planning, and drains no more at once than it should', async () => {
    await produceOrders(quiet, { records: 100 });
    assert.equal((await quiet.run()).stopReason, 'drained');
    waiting = await createScenario({ beside: quiet });
    for (let index = 0; index < 2; index += 1) {
      const scenario = await createScenario({ beside: quiet });
      busy.push([scenario, faultsOf(scenario)]);
    }
    await first.kill('SIGTERM');
    await quiet.startWorker(FAULTY_THREAD);
    const holds = busy.map(async ([scenario, faults]) => {
      faults.arm({ strike: { place: 'in-batch', action: 'hold' } });
      await produceOrders(scenario, { records: 300 });
      const run = await scenario.trigger();
      await faults.struck();
      return run;
    });
    const held = await Promise.all(holds);

    assert.equal((await quiet.run()).stopReason, 'nothing-to-do');
    await produceOrders(waiting, { records: 100 });
    const third = await waiting.trigger();
    await until('the third drain to be planned', async () => {
      const { raw } = await third.handle.describe();
      const drain = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'drainTopic');
      return drain === undefined ? null : true;
    });
    for (const [, faults] of busy) faults.letGo();
    const [one, other] = await Promise.all(
      held.map(async (run) => {
        await run.result();
        return (await drainsOf(run))[0] ?? assert.fail('no drain');
      }),
    );
    assert.ok(one !== undefined && other !== undefined);
    assert.equal(one.worker, other.worker);
    const overlap = one.startedNs < other.endedNs && other.startedNs < one.endedNs;
    assert.ok(overlap, 'two pipelines were drained at the same time, each in a thread of its own');
    for (const run of [...held, third]) {
      const result = await run.result();
      assert.equal(result.stopReason, 'drained');
      assert.equal(result.attempt, 1);
      assertBalanced(result);
    }
    await assertDrained(waiting);
  });
});
