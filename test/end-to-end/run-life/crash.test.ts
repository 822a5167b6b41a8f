import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { once } from 'node:events';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD, type Strike } from '../../support/faults.js';
import { assertDrained, produceOrders } from '../../support/runs.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

const RECORDS = 3_000;

/** What the first attempt had committed when it was killed decides whether the second one continues its books. */
const CRASHES: { name: string; strike: Omit<Strike, 'action'>; resumed: boolean }[] = [
  { name: 'before it joins the group', strike: { place: 'before-join' }, resumed: false },
  { name: 'with a batch in hand', strike: { place: 'in-batch', time: 7 }, resumed: true },
  { name: 'after a write, before its commit', strike: { place: 'after-write', time: 7 }, resumed: true },
  { name: 'after a commit', strike: { place: 'after-commit', time: 5 }, resumed: true },
  { name: 'when all is committed, before the result', strike: { place: 'before-result' }, resumed: true },
  { name: 'with the result, before it is sent', strike: { place: 'after-result' }, resumed: true },
];

describe('kill -9 of the worker in mid-drain', { concurrency: true }, () => {
  const scenarios: Scenario[] = [];
  const open = async (): Promise<Scenario> => {
    const scenario = await createScenario({
      pipeline: { limits: { heartbeatTimeout: '13s', stallTimeout: '12s' } },
    });
    scenarios.push(scenario);
    return scenario;
  };
  before(async () => {
    await Promise.all(CRASHES.map(open));
  });
  after(async () => {
    await Promise.all(scenarios.map((scenario) => scenario.close()));
  });

  for (const [index, { name, strike, resumed }] of CRASHES.entries()) {
    test(`${name}: another worker finishes, exact to the record`, async () => {
      const scenario = scenarios[index];
      assert.ok(scenario);
      const faults = faultsOf(scenario);
      faults.arm({ batchRecords: 200, strike: { ...strike, action: 'kill-process' } });
      await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
      const victim = await scenario.startWorker(FAULTY_THREAD);
      const death = once(victim.process, 'exit');
      const run = await scenario.trigger();
      const [, signal] = (await death) as [number | null, string | null];
      assert.equal(signal, 'SIGKILL');
      await scenario.startWorker(FAULTY_THREAD);
      const result = await run.result();
      assert.equal(result.stopReason, 'drained');
      assert.equal(result.attempt, 2);
      assert.equal(result.resumed, resumed);
      assert.equal(result.lagBefore, RECORDS);
      assert.equal(result.records.read, RECORDS);
      assert.equal(result.lagAfter, 0);
      assertBalanced(result);
      await assertDrained(scenario);
    });
  }
});
