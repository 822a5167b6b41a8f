import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { scheduleIdOf, type RunResult } from '../../src/contract.js';
import { createScenario, type Scenario, type ScenarioOptions } from '../support/scenario.js';
import { until } from '../support/until.js';
import { commandsOf } from './cli.js';

async function withScenario(
  options: ScenarioOptions,
  use: (scenario: Scenario) => Promise<void>,
): Promise<void> {
  const scenario = await createScenario(options);
  try {
    await use(scenario);
  } finally {
    await scenario.close();
  }
}

/** Runs of the schedule that are still open, by the schedule's own account. */
async function openRuns({ temporal, name }: Scenario): Promise<string[]> {
  const { info } = await temporal.schedule.getHandle(scheduleIdOf(name)).describe();
  return info.runningActions.map(({ workflow }) => workflow.workflowId);
}

describe('run and runs, with a worker', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario();
    await scenario.startWorker();
  });
  after(() => scenario.close());

  test('run --wait prints the result as JSON on stdout, and nothing else', async () => {
    await scenario.produce([
      { key: 'a', value: '{"n":1}' },
      { key: 'b', value: '{"n":2}' },
      { key: 'c', value: 'broken' },
    ]);
    const { code, data } = await commandsOf(scenario).waitForRun(scenario.name);
    assert.equal(code, 0);
    assert.deepEqual([data.stopReason, data.records.inserted, data.records.deadLettered], ['drained', 2, 1]);
  });

  // The schedule learns a little later than a waiting client that a run has ended, and until then drops triggers.
  test('right after a run has ended, run --wait makes a new one, prints its result as a table, and talks on stderr', async () => {
    const { code, stdout, stderr } = await commandsOf(scenario).call('run', scenario.name, '--wait');
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${scenario.topic} → .*: nothing-to-do in `));
    assert.match(stdout, /^partition {2}start/m);
    assert.ok(!stdout.includes('\u001b'));
    assert.match(stderr, new RegExp(`^started drain/${scenario.name}-`, 'm'));
    assert.match(stderr, /^http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/drain%2F/m);
  });

  test('run without --wait prints the workflow id', async () => {
    const { code, stdout } = await commandsOf(scenario).call('run', scenario.name);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^drain/${scenario.name}-\\S+\\n$`));
  });

  test('runs lists the last runs, newest first, with what they did', async () => {
    const listed = await until('three runs in the list', async () => {
      const { data } = await commandsOf(scenario).runs(scenario.name);
      return data.length === 3 && data.every(({ status }) => status === 'completed') ? data : null;
    });
    assert.deepEqual(
      listed.map(({ result }) => result?.stopReason),
      ['nothing-to-do', 'nothing-to-do', 'drained'],
    );
    assert.equal(listed[2]?.result?.records.inserted, 2);
    const { stdout } = await commandsOf(scenario).call('runs', scenario.name, '--limit', '1');
    assert.match(stdout, /^started \(UTC\) .*\n.* nothing-to-do /);
    assert.equal(stdout.match(/nothing-to-do/g)?.length, 1);
  });
});

describe('run', () => {
  test('exits with 1 and the typed failure where the run fails, and runs shows it', () =>
    withScenario({ pipeline: { topic: 'nowhere-to-be-found' } }, async (scenario) => {
      await scenario.startWorker();
      const { code, data, stderr } = await commandsOf(scenario).waitForFailure(scenario.name);
      assert.deepEqual([code, data.status, data.code], [1, 'failed', 'TOPIC_NOT_FOUND']);
      assert.match(stderr, /^the run failed: TOPIC_NOT_FOUND: .*nowhere-to-be-found/m);
      const [listed] = await until('the failed run in the list', async () => {
        const { data: runs } = await commandsOf(scenario).runs(scenario.name);
        return runs[0]?.status === 'failed' ? runs : null;
      });
      assert.equal(listed?.failure?.code, 'TOPIC_NOT_FOUND');
    }));

  test('exits with 2 where there is no schedule, and says how to make it', () =>
    withScenario({}, async (scenario) => {
      await scenario.temporal.schedule.getHandle(scheduleIdOf(scenario.name)).delete();
      const { code, stdout, stderr } = await commandsOf(scenario).call('run', scenario.name, '--wait');
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /SCHEDULE_NOT_FOUND: .*make it with: kafka-drain apply/);
    }));

  test('never starts a run beside an active one: it says so and waits for that one', () =>
    withScenario({}, async (scenario) => {
      const { workflowId } = await scenario.trigger();
      const waiting = commandsOf(scenario).start('run', scenario.name, '--wait', '--json');
      await until('the command to see that nobody works on the run', () =>
        Promise.resolve(waiting.stderr().includes('no worker takes from the task queue') || null),
      );
      assert.ok(waiting.stderr().includes(`a run is already active: ${workflowId}`), waiting.stderr());
      await scenario.startWorker();
      const { code, stdout } = await waiting.finished;
      assert.equal(code, 0);
      assert.equal((JSON.parse(stdout) as RunResult).pipeline, scenario.name);
      const { info } = await scenario.temporal.schedule.getHandle(scheduleIdOf(scenario.name)).describe();
      assert.equal(info.numActionsTaken, 1);
    }));

  test('interrupted while waiting exits with 130, and the run goes on', () =>
    withScenario({}, async (scenario) => {
      const waiting = commandsOf(scenario).start('run', scenario.name, '--wait');
      await until('the command to wait', () =>
        Promise.resolve(waiting.stderr().includes('the run waits') || null),
      );
      waiting.process.kill('SIGINT');
      const { code, stderr } = await waiting.finished;
      assert.equal(code, 130);
      assert.match(stderr, /no longer waiting; the run goes on: drain\//);
      assert.equal((await openRuns(scenario)).length, 1);
    }));

  test('exits with 1 where the run was terminated, with the reason', () =>
    withScenario({}, async (scenario) => {
      const waiting = commandsOf(scenario).start('run', scenario.name, '--wait');
      await until('the command to wait', () =>
        Promise.resolve(waiting.stderr().includes('the run waits') || null),
      );
      const [workflowId = ''] = await openRuns(scenario);
      await scenario.temporal.workflow.getHandle(workflowId).terminate('not today');
      const { code, stderr } = await waiting.finished;
      assert.equal(code, 1);
      assert.match(stderr, /the run was terminated: TERMINATED: not today/);
    }));
});

describe('worker', () => {
  test('serves health while it runs, logs JSON lines on stderr, and exits with 0 on SIGTERM', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => holder.close(resolve));
    await withScenario({ worker: { health: `127.0.0.1:${port}` } }, async (scenario) => {
      const worker = commandsOf(scenario).start('worker');
      await until('the worker to be ready', async () => {
        try {
          return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200 ? true : null;
        } catch {
          return null;
        }
      });
      worker.process.kill('SIGTERM');
      const { code, stdout, stderr } = await worker.finished;
      assert.deepEqual([code, stdout], [0, '']);
      for (const line of stderr.trimEnd().split('\n'))
        assert.ok('level' in (JSON.parse(line) as object), line);
    });
  });
});
