import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordHeader } from '../../src/kafka/source.js';
import { openBroker } from './broker.js';
import { fromStart, startConsuming } from './consuming.js';

const MANY = 30_000;

test('a record with tens of thousands of headers is read as fast as others, with all of them', async () => {
  await using broker = await openBroker(1);
  const names = Array.from({ length: MANY }, (_, index) => `header-${String(index)}`);
  const many = Object.fromEntries(names.map((name) => [name, name]));
  const headers = { again: ['1', '2', '3'], ...many, ['__proto__']: 'own' };
  await broker.producer.send({ topic: broker.topic, messages: [{ key: 'k', value: 'v', headers }] });
  const read: RecordHeader[] = [];
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), {
    ends: new Map([[0, 1n]]),
    handle: (batch) => {
      read.push(...(batch.records[0]?.headers ?? []));
      return { commit: { offset: batch.nextOffset, metadata: '' }, done: true };
    },
  });
  await consuming.drained();
  const pairs = read.map(({ name, value }) => [name, value?.toString()]);
  const again = ['1', '2', '3'].map((value) => ['again', value]);
  assert.deepEqual(pairs, [...again, ...names.map((name) => [name, name]), ['__proto__', 'own']]);
});
