import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD } from '../../support/faults.js';
import { assertDrained, produceOrders, untilAttemptFailed } from '../../support/runs.js';
import { createScenario, RunFailed, type Scenario } from '../../support/scenario.js';

describe('workers of one task queue with different configurations', { concurrency: true }, () => {
  const opened: Scenario[] = [];
  const open = async (beside?: Scenario): Promise<Scenario> => {
    const scenario = await createScenario({
      pipeline: { limits: { heartbeatTimeout: '8s', stallTimeout: '7s' } },
      ...(beside !== undefined && { beside }),
    });
    opened.push(scenario);
    return scenario;
  };
  let known: Scenario;
  let deployed: Scenario;
  before(async () => {
    known = await open();
    deployed = await open();
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  test('a worker that does not know the pipeline says so, and a run that finds no other fails', async () => {
    const old = await known.startWorker();
    // Later than the worker, which has read the configuration without it.
    const unknown = await open(known);
    await produceOrders(unknown, { records: 100 });
    const failure: unknown = await unknown.run().catch((error: unknown) => error);
    assert.ok(failure instanceof RunFailed, String(failure));
    assert.equal(failure.code, 'PIPELINE_UNKNOWN');
    assert.ok(failure.message.includes(`which has: ${known.name}`), failure.message);
    const { handle } = (await unknown.newestRun()) ?? assert.fail('no run');
    const { events } = await handle.fetchHistory();
    const attempts = events?.flatMap(
      ({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? [],
    );
    assert.deepEqual(attempts, [3], 'another worker had its chances');
    // A worker with the new configuration does what was missed.
    await old.kill('SIGTERM');
    await known.startWorker();
    const result = await unknown.run();
    assert.equal(result.continuity, 'first');
    assert.equal(result.records.read, 100);
    assertBalanced(result);
    await assertDrained(unknown);
  });

  test('a worker with other rules refuses to finish a plan; one with the same rules finishes it', async () => {
    const scenario = deployed;
    const faults = faultsOf(scenario);
    faults.arm({ batchRecords: 100, strike: { place: 'after-commit', action: 'kill-process', time: 4 } });
    await produceOrders(scenario, { records: 2_000 });
    const victim = await scenario.startWorker(FAULTY_THREAD);
    const death = once(victim.process, 'exit');
    const run = await scenario.trigger();
    await death;
    await scenario.configure({ documentId: 'coordinates' });
    const other = await scenario.startWorker(FAULTY_THREAD);
    assert.match(
      await untilAttemptFailed(run, 'CONFIG_MISMATCH'),
      /differs from the one the run was planned with/,
    );
    await other.kill('SIGTERM');
    await scenario.configure({});
    await scenario.startWorker(FAULTY_THREAD);
    const result = await run.result();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.attempt, 3);
    assert.equal(result.resumed, true);
    assert.equal(result.records.read, 2_000);
    assertBalanced(result);
    await assertDrained(scenario);
  });
});
