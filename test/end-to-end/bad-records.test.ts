import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Binary } from 'mongodb';
import { assertBalanced } from '../support/books.js';
import { createScenario, RunFailed, type Scenario } from '../support/scenario.js';
import type { WorkerChild } from '../support/worker-child.js';

const good = (id: number) => ({ key: `o-${String(id)}`, value: JSON.stringify({ id }), partition: 0 });

/** Each breaks another rule; the code is the dead letter's. */
const BAD: readonly { code: string; key: string | null; value: string | Buffer }[] = [
  { code: 'NOT_JSON', key: 'b-0', value: '{"cut":' },
  { code: 'NOT_UTF8', key: 'b-1', value: Buffer.from([0x7b, 0xff, 0x7d]) },
  { code: 'NOT_AN_OBJECT', key: 'b-2', value: '[1]' },
  { code: 'TOO_DEEP', key: 'b-3', value: `{"a":${'['.repeat(100)}${']'.repeat(100)}}` },
  { code: 'UNSAFE_INTEGER', key: 'b-4', value: '{"n":9007199254740993}' },
  { code: 'NUMBER_OUT_OF_RANGE', key: 'b-5', value: '{"n":1e400}' },
  { code: 'LONE_SURROGATE', key: 'b-6', value: '{"s":"\\ud800"}' },
  { code: 'UNSTORABLE_KEY', key: 'b-7', value: '{"a\\u0000b":1}' },
  { code: 'UNSTORABLE_KEY', key: 'b-8', value: '{"_bsontype":"Long"}' },
  { code: 'UNSTORABLE_KEY', key: 'b-9', value: '{"$set":{"x":1}}' },
  { code: 'RESERVED_FIELD', key: 'b-10', value: '{"_kafka":{}}' },
  { code: 'ID_MISMATCH', key: 'b-11', value: '{"_id":"other"}' },
  { code: 'ID_MISSING', key: null, value: '{"id":1}' },
];

function bytesOf(binary: unknown): Buffer | null {
  return binary === null ? null : Buffer.from((binary as Binary).buffer);
}

describe('bad records', () => {
  let scenario: Scenario;
  let worker: WorkerChild;
  before(async () => {
    scenario = await createScenario({ partitions: 1 });
    worker = await scenario.startWorker();
  });
  after(() => scenario.close());

  test('at the first, middle and last place are dead letters with their bytes, their neighbours are written', async () => {
    const records = BAD.flatMap(({ key, value }, index) => [{ key, value, partition: 0 }, good(index)]);
    const last = { key: 'b-last', value: 'broken', partition: 0 };
    await scenario.produce([...records, last]);
    const result = await scenario.run();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.records.deadLettered, BAD.length + 1);
    assert.equal(result.records.inserted, BAD.length);
    assertBalanced(result);
    const letters = await scenario.deadLetters.find({}, { sort: { offset: 1 } }).toArray();
    assert.deepEqual(
      letters.map(({ code }) => code as string),
      [...BAD.map(({ code }) => code), 'NOT_JSON'],
    );
    for (const [index, { key, value }] of BAD.entries()) {
      const letter = letters[index];
      assert.deepEqual(bytesOf(letter?.['value']), Buffer.from(value), `bytes of ${String(index)}`);
      assert.deepEqual(bytesOf(letter?.['key']), key === null ? null : Buffer.from(key));
    }
  });

  test('as the newest of an id leave the older version in place', async () => {
    await scenario.produce([good(100), { key: 'o-100', value: 'broken', partition: 0 }]);
    const result = await scenario.run();
    assert.equal(result.records.inserted, 1);
    assert.equal(result.records.deadLettered, 1);
    assertBalanced(result);
    assert.equal((await scenario.collection.findOne({ _id: 'o-100' as never }))?.['id'], 100);
  });

  test('with tolerate: none fail the run at their place, after everything before is committed; tolerated, the next run goes on', async () => {
    await worker.kill('SIGTERM');
    await scenario.configure({ deadLetters: { tolerate: 'none' } });
    worker = await scenario.startWorker();
    const [committed = ''] = await scenario.committed();
    await scenario.produce([
      good(200),
      good(201),
      { key: 'o-202', value: 'secret-content', partition: 0 },
      good(203),
    ]);
    const bad = String(BigInt(committed) + 2n);
    await assert.rejects(
      scenario.run(),
      (error) =>
        error instanceof RunFailed &&
        error.code === 'BAD_RECORD' &&
        error.message.includes(`offset ${bad}`) &&
        !error.message.includes('secret-content'),
    );
    assert.deepEqual(await scenario.committed(), [bad]);
    assert.equal((await scenario.collection.findOne({ _id: 'o-201' as never }))?.['id'], 201);
    await worker.kill('SIGTERM');
    await scenario.configure({ deadLetters: { tolerate: 'all' } });
    worker = await scenario.startWorker();
    const result = await scenario.run();
    assert.deepEqual([result.records.read, result.records.inserted, result.records.deadLettered], [2, 1, 1]);
    assertBalanced(result);
    assert.doesNotMatch(worker.log(), /secret-content/);
  });
});
