import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { scheduleIdOf, SEARCH_ATTRIBUTES } from '../../src/contract.js';
import { joinAsForeigner } from '../support/group.js';
import { createScenario, type Scenario } from '../support/scenario.js';
import { commandsOf } from './cli.js';

describe('check, setup and lag', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({ partitions: 2 });
    await scenario.produce([
      { key: 'a', value: '{}', partition: 0 },
      { key: 'b', value: '{}', partition: 0 },
    ]);
  });
  after(() => scenario.close());

  const findings = async () => {
    const { code, data } = await commandsOf(scenario).check();
    return { code, text: data.map(({ area, state, text }) => `${area} ${state} ${text}`).join('\n') };
  };

  test('check warns of what is still to be done, and setup does it once', async () => {
    const before = await findings();
    assert.equal(before.code, 0);
    assert.match(
      before.text,
      /^mongodb warning \S+: not there yet: 4 indexes and 1 view; kafka-drain setup makes them$/m,
    );
    assert.match(
      before.text,
      new RegExp(`^temporal warning task queue ${scenario.taskQueue}: no worker`, 'm'),
    );
    const first = await commandsOf(scenario).setup();
    assert.deepEqual(
      [first.code, new Set(first.data.map(({ outcome }) => outcome))],
      [0, new Set(['created'])],
    );
    const second = await commandsOf(scenario).setup();
    assert.deepEqual(
      [second.code, new Set(second.data.map(({ outcome }) => outcome))],
      [0, new Set(['left'])],
    );
    assert.match((await findings()).text, /^mongodb ok /m);
  });

  test('check tells topic, group, retention and schedule', async () => {
    const { text } = await findings();
    assert.match(text, new RegExp(`^kafka ok topic ${scenario.topic}: 2 partitions`, 'm'));
    assert.match(
      text,
      new RegExp(
        `^kafka ok group ${scenario.group}: has committed nothing yet; the first run starts with earliest$`,
        'm',
      ),
    );
    assert.match(text, /^temporal ok namespace default: runs are kept for \d+/m);
    assert.match(text, new RegExp(`^schedule ok ${scheduleIdOf(scenario.name)} is up to date$`, 'm'));
  });

  test("check warns where the schedule's limits are not the file's, and where it is paused", async () => {
    const schedule = scenario.temporal.schedule.getHandle(scheduleIdOf(scenario.name));
    const file = readFileSync(scenario.configurationFile, 'utf8');
    writeFileSync(
      scenario.configurationFile,
      file.replace('schedule:', 'limits: { budget: 1m }\n    schedule:'),
    );
    assert.match((await findings()).text, /^schedule warning .*differs from the file, limits among it/m);
    writeFileSync(scenario.configurationFile, file);
    await schedule.pause('for now');
    assert.match((await findings()).text, /^schedule warning .*is paused: for now$/m);
    await schedule.unpause('go on');
  });

  test('lag counts everything before the first run', async () => {
    const { code, data } = await commandsOf(scenario).lag();
    assert.equal(code, 0);
    assert.deepEqual(data, [
      {
        pipeline: scenario.name,
        topic: scenario.topic,
        group: scenario.group,
        lag: 2,
        topics: [{ topic: scenario.topic, lag: 2 }],
        partitions: [
          { topic: scenario.topic, partition: 0, low: '0', committed: null, end: '2', lag: 2 },
          { topic: scenario.topic, partition: 1, low: '0', committed: null, end: '0', lag: 0 },
        ],
        error: null,
      },
    ]);
    assert.match((await commandsOf(scenario).call('lag', scenario.name)).stdout, /lag 2\npartition {2}low/);
  });

  test('what cannot be reached fails the check by name, and the rest is checked all the same', async () => {
    const file = readFileSync(scenario.configurationFile, 'utf8');
    const brokers = file.replace(/brokers:\n\s+- .*/, 'brokers: ["127.0.0.1:1"]');
    writeFileSync(
      scenario.configurationFile,
      brokers.replace(/uri: .*/, 'uri: mongodb://127.0.0.1:1/?replicaSet=rs0'),
    );
    const { code, text } = await findings();
    const lag = await commandsOf(scenario).lag();
    const printed = await commandsOf(scenario).call('lag');
    writeFileSync(scenario.configurationFile, file);
    assert.equal(code, 1);
    assert.match(text, /^kafka failed KAFKA_UNAVAILABLE: /m);
    assert.match(text, /^mongodb failed MONGODB_UNAVAILABLE: /m);
    assert.match(text, /^schedule ok /m);
    assert.deepEqual([lag.code, lag.data[0]?.error?.code, lag.data[0]?.lag], [1, 'KAFKA_UNAVAILABLE', null]);
    assert.deepEqual([printed.code, printed.stdout], [1, '']);
    assert.match(printed.stderr, /KAFKA_UNAVAILABLE: /);
  });

  test('check warns of a live consumer in the group, by client id and host, even where nothing is to be read', async () => {
    assert.doesNotMatch((await findings()).text, /other members/);
    const consumer = await joinAsForeigner(scenario);
    const { code, text } = await findings();
    await consumer.disconnect();
    assert.equal(code, 0);
    assert.match(
      text,
      new RegExp(`^kafka warning group ${scenario.group}: has other members: test on .*GROUP_IN_USE`, 'm'),
    );
    assert.doesNotMatch((await findings()).text, /other members/);
  });

  test('check fails where the topic is not there', async () => {
    const file = readFileSync(scenario.configurationFile, 'utf8');
    writeFileSync(scenario.configurationFile, file.replace(`topic: ${scenario.topic}`, 'topic: nowhere'));
    const { code, text } = await findings();
    writeFileSync(scenario.configurationFile, file);
    assert.equal(code, 1);
    assert.match(text, /^kafka failed TOPIC_NOT_FOUND: /m);
  });
});

describe('search attributes', () => {
  test('are registered by setup where they are switched on, and checked', async () => {
    const scenario = await createScenario({ worker: { searchAttributes: true } });
    try {
      const setup = await commandsOf(scenario).setup();
      assert.equal(setup.code, 0);
      const { customAttributes } = await scenario.temporal.connection.operatorService.listSearchAttributes({
        namespace: 'default',
      });
      for (const { name } of Object.values(SEARCH_ATTRIBUTES)) assert.ok(name in customAttributes, name);
      const { data } = await commandsOf(scenario).check();
      assert.ok(
        data.some(({ state, text }) => state === 'ok' && text === 'search attributes are registered'),
      );
    } finally {
      await scenario.close();
    }
  });
});
