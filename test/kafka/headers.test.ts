import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { DecodedHeader } from '../../src/kafka/internals.js';
import { patchedKafkaJs } from '../../src/kafka/patched-kafkajs.js';
import type { RecordHeader } from '../../src/kafka/source.js';
import { openBroker } from './broker.js';
import { fromStart, startConsuming } from './consuming.js';

const require = createRequire(import.meta.url);

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

interface Encoder {
  buffer: Buffer;
  writeInt8: (value: number) => Encoder;
  writeVarInt: (value: number) => Encoder;
  writeVarLong: (value: number) => Encoder;
  writeVarIntBytes: (value: Buffer | null) => Encoder;
  writeVarIntString: (value: string) => Encoder;
}

test('headers keep their order, also several of one name with others between them, and names that are numbers', () => {
  patchedKafkaJs();
  const KafkaEncoder = require('kafkajs/src/protocol/encoder') as new () => Encoder;
  const KafkaDecoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => unknown;
  const decode = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
    decoder: unknown,
    context: object,
  ) => { offset: string; timestamp: string; headers: DecodedHeader[] };
  const names = ['b', '2', 'b', '1', 'a'];
  const bytes = new KafkaEncoder().writeInt8(0).writeVarLong(5).writeVarInt(2);
  bytes.writeVarIntBytes(Buffer.from('k')).writeVarIntBytes(null).writeVarInt(names.length);
  for (const [at, name] of names.entries())
    bytes.writeVarIntString(name).writeVarIntBytes(at === 4 ? null : Buffer.from(String(at)));
  const record = decode(new KafkaDecoder(bytes.buffer), { firstOffset: '40', firstTimestamp: '1000' });
  assert.deepEqual([record.offset, record.timestamp], ['42', '1005']);
  assert.deepEqual(
    record.headers.map(({ key, value }) => [key, value?.toString() ?? null]),
    [['b', '0'], ['2', '1'], ['b', '2'], ['1', '3'], ['a', null]], // prettier-ignore
  );
});
