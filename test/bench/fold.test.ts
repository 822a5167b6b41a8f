import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { countWrong, digestOf, foldTopic, type Fold } from '../../bench/fold.js';
import { createScenario, type Scenario } from '../support/scenario.js';

describe('the judge of the bench', () => {
  let scenario: Scenario;
  let wanted: Fold;
  before(async () => {
    scenario = await createScenario({ partitions: 2 });
    const version = (key: string, version: number) => ({
      key,
      value: JSON.stringify({ version, tags: [key] }),
    });
    await scenario.produce([version('a', 1), version('b', 1), version('a', 2), version('c', 1)]);
    wanted = await foldTopic(scenario.kafka, scenario.topic);
  });
  after(() => scenario.close());

  const store = async (...documents: object[]) => {
    await scenario.collection.deleteMany({});
    await scenario.collection.insertMany(documents);
  };
  const a = { _id: 'a' as never, version: 2, tags: ['a'] };
  const b = { _id: 'b' as never, version: 1, tags: ['b'] };
  const c = { _id: 'c' as never, version: 1, tags: ['c'] };

  test('reads the whole topic and keeps the newest value of each key', () => {
    assert.deepEqual([wanted.records, wanted.digests.size], [4, 3]);
    assert.equal(
      wanted.ends.reduce((sum, end) => sum + end),
      4,
    );
    assert.equal(wanted.digests.get('a'), digestOf(a));
  });

  test('finds nothing where everything is there, in whatever order of fields, with what kafka-drain adds', async () => {
    await store(a, { _id: 'b', tags: ['b'], version: 1 }, { ...c, _kafka: { offset: 1 } });
    assert.equal(await countWrong(scenario.collection, wanted), 0);
  });

  test('counts an older version once', async () => {
    await store({ ...a, version: 1 }, b, c);
    assert.equal(await countWrong(scenario.collection, wanted), 1);
  });

  test('counts what is missing', async () => {
    await store(a);
    assert.equal(await countWrong(scenario.collection, wanted), 2);
  });

  test('counts what should not be there', async () => {
    await store(a, b, c, { _id: 'd', version: 1 });
    assert.equal(await countWrong(scenario.collection, wanted), 1);
  });
});
