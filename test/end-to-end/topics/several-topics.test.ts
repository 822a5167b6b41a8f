import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MongoClient, type Collection } from 'mongodb';
import { createTopic } from '../../../stack/topics.js';
import type { RunResult } from '../../../src/contract.js';
import { commandsOf } from '../../commands/cli.js';
import { assertBalanced } from '../../support/books.js';
import { pipelineOfExample } from '../../support/example.js';
import { failureOf } from '../../support/failure.js';
import { assertEqualsFold, fold, readTopic } from '../../support/fold.js';
import { orders } from '../../support/records.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import type { WorkerChild } from '../../support/worker-child.js';
import { stackFromEnvironment } from '../../support/stack.js';
import { until } from '../../support/until.js';

/** The topics of a scenario beside its own, with their collections. */
interface Topics {
  create: (letter: string, partitions?: number) => Promise<string>;
  remove: (letter: string) => Promise<void>;
  named: (letter: string) => string;
  collection: (letter: string) => Collection;
}

function topicsOf({ admin, name, collection }: Scenario, client: MongoClient): Topics {
  const named = (letter: string) => `${name}.${letter}`;
  return {
    named,
    create: async (letter, numPartitions = 2) => {
      await createTopic(admin, { topic: named(letter), numPartitions });
      return named(letter);
    },
    remove: async (letter) => {
      await admin.deleteTopics({ topics: [named(letter)] });
      await until('the topic to be gone', async () =>
        (await admin.listTopics()).includes(named(letter)) ? null : true,
      );
    },
    collection: (letter) => client.db(collection.dbName).collection(`from_${named(letter)}`),
  };
}

function patternOf({ name }: Scenario): string {
  return `${name}\\..*`;
}

function readByTopic({ topics }: RunResult): Record<string, number> {
  return Object.fromEntries(topics.map(({ topic, read }) => [topic.split('.')[1] ?? topic, read]));
}

describe('all topics that match a pattern, each into a collection of its own (examples/several-topics)', () => {
  const client = new MongoClient(stackFromEnvironment().mongodb);
  let scenario: Scenario;
  let topics: Topics;
  let worker: WorkerChild;
  let wide: string;
  before(async () => {
    scenario = await createScenario({ pipeline: pipelineOfExample('several-topics', ['collection']) });
    topics = topicsOf(scenario, client);
    wide = `${scenario.name}-wide`;
    await topics.create('a');
    await topics.create('b');
    await scenario.configure({ topicPattern: patternOf(scenario) });
    worker = await scenario.startWorker();
  });
  after(async () => {
    for (const letter of ['a', 'b', 'c']) await topics.remove(letter).catch(() => undefined);
    await scenario.admin.deleteTopics({ topics: [wide] }).catch(() => undefined);
    await client.close();
    await scenario.close();
  });

  const assertHolds = async (letter: string) => {
    const topic = topics.named(letter);
    await assertEqualsFold(topics.collection(letter), fold(topic, await readTopic(scenario.kafka, topic)));
  };

  test('are drained to their ends in one run, whose result tells of each', async () => {
    await scenario.produce([...orders(30), ...orders(20, { partition: 1, first: 30 })], topics.named('a'));
    await scenario.produce([...orders(10), { key: 'o-3', value: null, partition: 0 }], topics.named('b'));
    await scenario.produce([{ key: 'bad', value: '{', partition: 1 }], topics.named('b'));
    const result = await scenario.run();
    assertBalanced(result);
    assert.deepEqual([result.stopReason, result.lagBefore, result.lagAfter], ['drained', 62, 0]);
    assert.deepEqual(readByTopic(result), { a: 50, b: 12 });
    for (const { partitions, lagAfter } of result.topics) assert.deepEqual([partitions, lagAfter], [2, 0]);
    await assertHolds('a');
    assert.equal(await topics.collection('b').countDocuments({ '_kafka.deleted': true }), 1);
    assert.equal(await topics.collection('b').countDocuments({ '_kafka.deleted': { $ne: true } }), 9);
    const letters = client.db(scenario.collection.dbName).collection(`${scenario.name}.dead_letters`);
    const kept = (await letters.find().toArray()).map(({ _id }) => String(_id));
    assert.deepEqual(kept, [`${scenario.group}|${topics.named('b')}-1@1|0`]);
  });

  test('are shown one by one by lag, and have an index and a view each after setup', async () => {
    const lag = await commandsOf(scenario).call('lag', scenario.name);
    assert.match(lag.stdout, new RegExp(`^${topics.named('a')} +0$`, 'm'));
    assert.match(lag.stdout, new RegExp(`^${topics.named('b')}-1 .* 0$`, 'm'));
    const { code, data } = await commandsOf(scenario).setup();
    assert.equal(code, 0);
    const views = data.flatMap(({ kind, name, outcome }) => (kind === 'view' ? [`${name} ${outcome}`] : []));
    const { dbName } = scenario.collection;
    assert.deepEqual(
      views,
      ['a', 'b'].map((letter) => `${dbName}.from_${topics.named(letter)}_live created`),
    );
    const checked = await commandsOf(scenario).check();
    assert.match(JSON.stringify(checked.data), /2 topics, 4 partitions/);
  });

  test('a topic that is created between two runs is read from its beginning by the next, with `start: latest` too', async () => {
    await worker.kill('SIGTERM');
    await scenario.configure({ topicPattern: patternOf(scenario), start: 'latest' });
    worker = await scenario.startWorker();
    await topics.create('c', 1);
    await scenario.produce(orders(7), topics.named('c'));
    await scenario.produce(orders(5, { version: 2 }), topics.named('a'));
    const result = await scenario.run();
    assert.deepEqual(readByTopic(result), { a: 5, b: 0, c: 7 });
    assert.deepEqual(
      result.warnings.map(({ code }) => code),
      ['TOPIC_ADDED'],
    );
    await assertHolds('a');
    await assertHolds('c');
  });

  test('what its collection lacks, the run, which makes none of it, warns of, check counts and setup makes', async () => {
    const ofNew = `from_${topics.named('c')}`;
    const database = client.db(scenario.collection.dbName);
    assert.deepEqual((await topics.collection('c').indexes()).map(({ name }) => name), ['_id_']); // prettier-ignore
    const checked = await commandsOf(scenario).check();
    const found = checked.data.find(({ area, pipeline }) => area === 'mongodb' && pipeline !== null);
    assert.equal(found?.state, 'warning');
    assert.match(found.text, /: not there yet: 1 index and 1 view; kafka-drain setup makes them$/);
    const made = (await commandsOf(scenario).setup()).data.filter(({ outcome }) => outcome === 'created');
    assert.deepEqual(
      made.map(({ name }) => name.slice(database.databaseName.length + 1)),
      [`${ofNew}: kafka_drain_purge`, `${ofNew}_live`],
    );
    assert.equal(await database.collection(`${ofNew}_live`).countDocuments(), 7);
  });

  test('a topic that was there before and matches only since the pattern was widened begins by the start policy', async () => {
    await worker.kill('SIGTERM');
    await createTopic(scenario.admin, { topic: wide, numPartitions: 1 });
    await scenario.produce(orders(7), wide);
    await scenario.configure({ topicPattern: `${scenario.name}[-.].*`, start: 'latest' });
    worker = await scenario.startWorker();
    const result = await scenario.run();
    assert.equal(result.topics.find(({ topic }) => topic === wide)?.read, 0);
    assert.deepEqual(
      result.warnings.map(({ message }) => message.includes(`"${wide}" is new`)),
      [true],
    );
    await scenario.produce(orders(2), wide);
    assert.equal((await scenario.run()).records.read, 2);
  });

  test('a topic that is deleted is warned of; recreated, it is refused as another one', async () => {
    await topics.remove('c');
    const warned = await scenario.run();
    assert.deepEqual(
      warned.warnings.map(({ code }) => code),
      ['TOPIC_GONE'],
    );
    await topics.create('c', 1);
    const failure = await failureOf(scenario.run());
    assert.equal(failure.code, 'TOPIC_RECREATED');
    assert.match(failure.message, new RegExp(`"${topics.named('c')}" was deleted and recreated`));
  });
});

describe('a list of topics into one collection', () => {
  const client = new MongoClient(stackFromEnvironment().mongodb);
  let scenario: Scenario;
  let topics: Topics;
  let worker: WorkerChild;
  before(async () => {
    scenario = await createScenario();
    topics = topicsOf(scenario, client);
    const names = [await topics.create('a'), await topics.create('b', 1)];
    await scenario.configure({ topics: names, documentId: 'coordinates' });
    worker = await scenario.startWorker();
  });
  after(async () => {
    for (const letter of ['a', 'b']) await topics.remove(letter).catch(() => undefined);
    await client.close();
    await scenario.close();
  });

  test('keeps every record of each', async () => {
    await scenario.produce(orders(40), topics.named('a'));
    await scenario.produce(orders(25), topics.named('b'));
    const result = await scenario.run();
    assertBalanced(result);
    assert.deepEqual([result.stopReason, result.records.inserted], ['drained', 65]);
    assert.deepEqual(readByTopic(result), { a: 40, b: 25 });
    const ids = (await scenario.collection.find().toArray()).map(({ _id }) => String(_id));
    assert.ok(ids.includes(`${topics.named('b')}-0-24`));
    assert.equal(ids.length, 65);
  });

  test('with the ids in common, keeps for each the record with the later timestamp, whichever topic it came by', async () => {
    await worker.kill('SIGTERM');
    const names = [topics.named('a'), topics.named('b')];
    await scenario.configure({ topics: names, version: 'timestamp', collection: 'shared' });
    worker = await scenario.startWorker();
    const sooner = String(Date.now() - 2_000);
    const later = String(Date.now() - 1_000);
    const record = (key: string, from: string, timestamp: string) => {
      return { key, timestamp, value: JSON.stringify({ from }), partition: 0 };
    };
    await scenario.produce([record('x', 'a', later), record('y', 'a', sooner)], topics.named('a'));
    await scenario.produce([record('x', 'b', sooner), record('y', 'b', later)], topics.named('b'));
    assertBalanced(await scenario.run());
    const stored = await client
      .db(scenario.collection.dbName)
      .collection('shared')
      .find()
      .sort({ _id: 1 })
      .toArray();
    assert.deepEqual(
      stored.map(({ _id, from }) => `${String(_id)} ${String(from)}`),
      ['x a', 'y b'],
    );
  });

  test('fails, and says which, where one of them is not there', async () => {
    await worker.kill('SIGTERM');
    await scenario.configure({ topics: [topics.named('a'), topics.named('x')], documentId: 'coordinates' });
    await scenario.startWorker();
    const failure = await failureOf(scenario.run());
    assert.equal(failure.code, 'TOPIC_NOT_FOUND');
    assert.match(failure.message, new RegExp(`Topic ${topics.named('x')} does not exist`));
  });
});
