import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Binary } from 'mongodb';
import type { DeadLetter } from '../../src/mongodb/sink.js';
import type { Stored } from '../contract/sink-contract.js';
import { stackFromEnvironment } from '../support/stack.js';
import { deadLetter } from './models.js';
import { openTarget } from './target.js';

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;

async function stored(...letters: DeadLetter[]): Promise<Stored[]> {
  await using target = await openTarget(stackFromEnvironment().mongodb);
  for (let time = 0; time < 2; time += 1) await target.sink.writeDeadLetters(letters, NEVER);
  return await target.deadLetters();
}

function bytes(value: unknown): Buffer {
  assert.ok(value instanceof Binary);
  return Buffer.from(value.value());
}

describe('dead letters', () => {
  test('key, value and header values keep every byte, and null stays null', async () => {
    const [letter] = await stored(deadLetter({ key: null, value: Buffer.from([0, 0xff, 0x80]) }));
    assert.equal(letter?.['key'], null);
    assert.deepEqual(bytes(letter['value']), Buffer.from([0, 0xff, 0x80]));
    const [trace, empty] = letter['headers'] as Stored[];
    assert.equal(trace?.['name'], 'trace');
    assert.deepEqual(bytes(trace['value']), Buffer.from([1, 2, 3]));
    assert.deepEqual(empty, { name: 'empty', value: null });
  });

  test('above 8 MiB the bytes are kept in parts from which the record can be restored', async () => {
    const value = Buffer.alloc(20 * MIB, 'abcdefg');
    const key = Buffer.alloc(9 * MIB, 'k');
    const headers = [{ name: 'h'.repeat(100), value: Buffer.alloc(MIB, 'x') }, { name: 'none', value: null }]; // prettier-ignore
    const documents = await stored(deadLetter({ key, value, headers }), deadLetter({ offset: 18n }));
    const letter = documents.find((document) => document['_id'] === deadLetter().id);
    const parts = documents.filter((document) => document['of'] === deadLetter().id);
    assert.equal(letter?.['parts'], parts.length);
    const field = (name: string): Buffer =>
      Buffer.concat(
        parts
          .sort((one, other) => Number(one['part']) - Number(other['part']))
          .filter((part) => part['field'] === name)
          .map((part) => bytes(part['bytes'])),
      );
    assert.ok(field('value').equals(value));
    assert.ok(field('key').equals(key));
    const restored = JSON.parse(field('headers').toString()) as [string, string | null][];
    assert.deepEqual(
      restored.map(([name, text]) => ({ name, value: text === null ? null : Buffer.from(text, 'base64') })),
      headers,
    );
    assert.equal(documents.length, parts.length + 2);
  });

  test('many and long ones are stored in commands of a fitting size', async () => {
    const letters = Array.from({ length: 2_500 }, (_, index) =>
      deadLetter({ offset: BigInt(index), value: Buffer.alloc(8_000, 'x') }),
    );
    assert.equal((await stored(...letters)).length, 2_500);
  });

  test('a collection that refuses them makes the call fail: MONGODB_REFUSED', async () => {
    const { mongodb } = stackFromEnvironment();
    const validator = { validator: { other: { $exists: true } } };
    await using validating = await openTarget(mongodb, (db) =>
      db.createCollection('orders.dead_letters', validator),
    );
    await assert.rejects(validating.sink.writeDeadLetters([deadLetter()], NEVER), {
      code: 'MONGODB_REFUSED',
    });
    await using unique = await openTarget(mongodb, (db) =>
      db.collection('orders.dead_letters').createIndex({ code: 1 }, { unique: true }, {}),
    );
    const two = [deadLetter(), deadLetter({ offset: 18n })];
    await assert.rejects(unique.sink.writeDeadLetters(two, NEVER), { code: 'MONGODB_REFUSED' });
  });
});
