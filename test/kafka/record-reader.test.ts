import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recycleRecords } from '../../src/kafka/record-reader.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { decodeBatch, decoded, readAll, type RecordContents } from './encoded-batch.js';

async function recordsOf(records: readonly RecordContents[], firstOffset = 0): Promise<KafkaRecord[]> {
  const { packed } = await decodeBatch({ firstOffset, records });
  const read: KafkaRecord[] = [];
  packed.read({ topic: 'orders', partition: 3 }, 0n, read);
  return read;
}

test('a record that stands for another one has nothing of the one before', async () => {
  const headers = [['source', Buffer.from('shop')]] as const;
  const [before] = await recordsOf([
    { offset: 7, timestampDelta: 9, key: Buffer.from('k'), value: Buffer.from('{}'), headers },
  ]);
  assert.ok(before !== undefined);
  assert.equal(before.headers.length, 1);
  recycleRecords([before]);
  const [after] = await recordsOf([{ offset: 40 }], 40);
  assert.equal(after, before, 'it is used again');
  assert.deepEqual(
    [after.offset, after.timestampMs, after.key, after.value, after.headers, after.bytes],
    [40n, 0, null, null, [], 0],
  );
});

test('records that are handled hold on to nothing of their fetch', async () => {
  const [record] = await recordsOf([{ offset: 7, key: Buffer.from('k'), value: Buffer.from('{}') }]);
  assert.ok(record !== undefined);
  recycleRecords([record]);
  assert.deepEqual(
    [record.topic, record.key, record.value, record.places?.buffer.length],
    ['', null, null, 0],
  );
  // so that nobody takes the next one for this
  await recordsOf([{ offset: 0 }]);
});

test('records of other making are left alone', () => {
  const made = {
    topic: 'orders',
    partition: 0,
    offset: 1n,
    timestampMs: 0,
    key: null,
    value: null,
    headers: [],
  };
  recycleRecords([made]);
  assert.equal(made.offset, 1n);
});

test('of a batch that is read anew every record stands for itself', async () => {
  const contents = Array.from({ length: 50 }, (_, offset) => ({
    offset,
    value: Buffer.from(String(offset)),
  }));
  recycleRecords(await recordsOf(contents.slice(0, 20)));
  const { packed } = await decodeBatch({ firstOffset: 0, records: contents });
  assert.deepEqual(readAll(packed), contents.map(({ offset, value }) => decoded(offset, { value }))); // prettier-ignore
});
