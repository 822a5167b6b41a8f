import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { scheduleIdOf } from '../../src/contract.js';
import { createScenario, type Scenario } from '../support/scenario.js';
import { commandsOf, kafkaDrain } from './cli.js';

const NOTHING_LISTENS_HERE = '127.0.0.1:1';

describe('plan and apply', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario();
  });
  after(() => scenario.close());

  test('say that nothing differs, with exit code 0', async () => {
    const { call } = commandsOf(scenario);
    const scheduleId = scheduleIdOf(scenario.name);
    const { code, data } = await commandsOf(scenario).plan('--exit-code');
    assert.deepEqual([code, data.map(({ kind }) => kind)], [0, ['unchanged']]);
    assert.equal((await call('apply')).stdout, `= ${scheduleId} is up to date\n`);
  });

  test('show a change, with exit code 3 when asked, and carry it out', async () => {
    const { call } = commandsOf(scenario);
    const schedule = scenario.temporal.schedule.getHandle(scheduleIdOf(scenario.name));
    await schedule.update((previous) => ({
      ...previous,
      policies: { ...previous.policies, overlap: 'BUFFER_ONE' },
    }));
    const { code, stdout } = await call('plan');
    assert.equal(code, 0);
    assert.match(stdout, / {4}policies\.overlap: "BUFFER_ONE" → "SKIP"$/m);
    const planned = await commandsOf(scenario).plan('--exit-code');
    assert.equal(planned.code, 3);
    assert.deepEqual(planned.data[0]?.differences, [
      { path: 'policies.overlap', from: 'BUFFER_ONE', to: 'SKIP' },
    ]);
    const applied = await commandsOf(scenario).apply();
    assert.deepEqual([applied.code, applied.data[0]?.kind], [0, 'update']);
    assert.equal((await schedule.describe()).policies.overlap, 'SKIP');
  });

  test('tell of a pause and its note', async () => {
    const schedule = scenario.temporal.schedule.getHandle(scheduleIdOf(scenario.name));
    await schedule.pause('until noon');
    assert.match((await commandsOf(scenario).call('apply')).stdout, /paused \(until noon\), stays so/);
    await schedule.unpause('go on');
  });

  test('fail where Temporal is not, and name the variable that says where it is', async () => {
    const environment = { ...scenario.environment, TEMPORAL_ADDRESS: NOTHING_LISTENS_HERE };
    const { code, stdout, stderr } = await kafkaDrain(['plan', '-c', scenario.configurationFile], {
      environment,
    });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      /TEMPORAL_UNAVAILABLE: Temporal cannot be reached at 127\.0\.0\.1:1 \(set by TEMPORAL_ADDRESS/,
    );
  });

  test('fail on a namespace that is not there', async () => {
    const environment = { ...scenario.environment, TEMPORAL_NAMESPACE: 'nowhere' };
    const { code, stderr } = await kafkaDrain(['plan', '-c', scenario.configurationFile], { environment });
    assert.equal(code, 1);
    assert.match(stderr, /namespace nowhere: there is no such namespace; correct TEMPORAL_NAMESPACE/);
  });
});
