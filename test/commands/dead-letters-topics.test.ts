import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReplaySummary } from '../../src/commands/dead-letters-replay.js';
import { createTopic } from '../../stack/topics.js';
import { createScenario, type Scenario } from '../support/scenario.js';
import { commandsOf } from './cli.js';

describe('a replay of dead letters whose topics have collections of their own', () => {
  let scenario: Scenario;
  let other: Scenario;
  let a: string;
  let b: string;
  before(async () => {
    scenario = await createScenario();
    other = await createScenario({ beside: scenario });
    [a, b] = [`${scenario.name}.a`, `${scenario.name}.b`];
    for (const topic of [a, b]) await createTopic(scenario.admin, { topic, numPartitions: 1 });
    await configure({});
    await other.configure({ collection: 'others' });
    await scenario.startWorker();
    for (const topic of [a, b]) await scenario.produce([{ key: 'k', value: 'no JSON' }], topic);
    assert.equal((await scenario.run()).records.deadLettered, 2);
    await configure({ value: 'string' });
  });
  after(async () => {
    await scenario.admin.deleteTopics({ topics: [a, b] }).catch(() => undefined);
    await other.close();
    await scenario.close();
  });

  const configure = (more: object) =>
    scenario.configure({ topicPattern: `${scenario.name}\\..*`, collection: '${topic}', ...more });
  const database = () => scenario.collection.db;
  const stored = (topic: string) => database().collection(topic).countDocuments();
  const open = () => database().collection(`${scenario.name}.dead_letters`).countDocuments({ state: 'open' });
  const replay = async (...args: string[]) => {
    const { code, stdout, stderr } = await commandsOf(scenario).call('dead-letters', 'replay', scenario.name, '--json', ...args); // prettier-ignore
    const counts = stdout === '' ? null : (JSON.parse(stdout) as ReplaySummary).counts;
    return { code, inserted: counts?.inserted, stderr };
  };
  const refuses = async (text: RegExp, ...args: string[]) => {
    const { code, stderr } = await replay(...args);
    assert.equal(code, 1);
    assert.match(stderr, /^error: COLLECTION_UNSUITABLE: /);
    assert.match(stderr, text);
    assert.deepEqual([await stored(a), await stored(b), await open()], [0, 0, 2]);
  };

  test('refuses, as a run does, the collection that another pipeline has by now, before anything is written', async () => {
    await other.configure({ collection: a });
    const text = new RegExp(
      `topic "${a}" of pipeline "${scenario.name}" would be written to the collection "${a}", which is that of pipeline "${other.name}"`,
    );
    await refuses(text, '--all');
    await refuses(text, '--all', '--dry-run');
    await other.configure({ collection: 'others' });
  });

  test('refuses a collection that is a view, before anything is written', async () => {
    await database().createCollection(b, { viewOn: 'others', pipeline: [] });
    await refuses(new RegExp(`${b} can't be written to: it is a view`), '--all');
    await database().dropCollection(b);
  });

  test('goes through for the topics that are chosen, without the refused one', async () => {
    await other.configure({ collection: a });
    const { code, inserted } = await replay('--topic', b);
    assert.deepEqual([code, inserted], [0, 1]);
    assert.deepEqual([await stored(a), await stored(b), await open()], [0, 1, 1]);
    await other.configure({ collection: 'others' });
  });

  test('goes through for a topic that was deleted since', async () => {
    await scenario.admin.deleteTopics({ topics: [a, b] });
    const { code, inserted } = await replay('--all');
    assert.deepEqual([code, inserted], [0, 1]);
    assert.deepEqual([await stored(a), await open()], [1, 0]);
  });
});
