import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD } from '../../support/faults.js';
import { createLink, type Link } from '../../support/link.js';
import { assertDrained, produceOrders } from '../../support/runs.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import { stackFromEnvironment } from '../../support/stack.js';
import { until } from '../../support/until.js';

const RECORDS = 3_000;

describe('an attempt that lives on after the server has given it up', { concurrency: true }, () => {
  const scenarios: Scenario[] = [];
  let link: Link;
  const open = async (): Promise<Scenario> => {
    const scenario = await createScenario({
      pipeline: { limits: { heartbeatTimeout: '8s', stallTimeout: '7s' } },
    });
    scenarios.push(scenario);
    return scenario;
  };
  let frozen: Scenario;
  let isolated: Scenario;
  before(async () => {
    [frozen, isolated] = await Promise.all([open(), open()]);
    link = await createLink(stackFromEnvironment().temporal);
  });
  after(async () => {
    await Promise.all(scenarios.map((scenario) => scenario.close()));
    await link.close();
  });

  test('a worker frozen past every timeout: another one finishes, and nothing moves back when it wakes up', async () => {
    const scenario = frozen;
    const faults = faultsOf(scenario);
    faults.arm({ batchRecords: 200, strike: { place: 'in-batch', action: 'hold', time: 7 } });
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const zombie = await scenario.startWorker(FAULTY_THREAD);
    const run = await scenario.trigger();
    await faults.struck();
    // While it shuts down, since a worker frozen at work would for a minute be handed tasks of later attempts and runs.
    zombie.process.kill('SIGTERM');
    await until('the zombie to shut down', () => Promise.resolve(zombie.log().includes('DRAINING') || null));
    zombie.process.kill('SIGSTOP');
    await scenario.startWorker(FAULTY_THREAD);
    const result = await run.result();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.attempt, 2);
    assert.equal(result.records.read, RECORDS);
    assertBalanced(result);
    // Newer versions of the very records that the zombie has in hand.
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const next = await scenario.run();
    assert.equal(next.records.read, RECORDS);
    await assertDrained(scenario);
    faults.letGo();
    zombie.process.kill('SIGCONT');
    await once(zombie.process, 'exit');
    await assertDrained(scenario);
    await produceOrders(scenario, { records: 500 });
    const last = await scenario.run();
    assert.equal(last.records.read, 500);
    assert.equal(last.continuity, 'continuous');
    await assertDrained(scenario);
  });

  test('a worker cut off from Temporal alone gives its attempt up by itself; the books stay exact', async () => {
    const scenario = isolated;
    const faults = faultsOf(scenario);
    faults.arm({ batchRecords: 10, batchDelayMs: 500 });
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const { environment } = scenario;
    const address = environment['TEMPORAL_ADDRESS'];
    environment['TEMPORAL_ADDRESS'] = link.address;
    const lonely = await scenario.startWorker(FAULTY_THREAD);
    environment['TEMPORAL_ADDRESS'] = address;
    const run = await scenario.trigger();
    await until(
      'the first commits',
      async () => (await scenario.committed()).some((offset) => Number(offset) > 0) || null,
    );
    link.cut();
    faults.arm({});
    await scenario.startWorker(FAULTY_THREAD);
    await until('the lonely attempt to end', () =>
      Promise.resolve(/has ended this attempt.*TIMED_OUT/.test(lonely.log()) || null),
    );
    const result = await run.result();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.attempt, 2);
    assert.equal(result.resumed, true);
    assert.equal(result.lagBefore, RECORDS);
    assert.equal(result.records.read, RECORDS);
    assertBalanced(result);
    await assertDrained(scenario);
  });
});
