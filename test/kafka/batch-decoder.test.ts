import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrainError } from '../../src/errors.js';
import { createDecodeBatch } from '../../src/kafka/batch-decoder.js';
import type { PackedRecords } from '../../src/kafka/internals.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import {
  decodeBatch,
  decoded,
  encodeBatch,
  readAll,
  withChecksum,
  type BatchContents,
} from './encoded-batch.js';

const decodeBytes = (bytes: Buffer, at: number) => createDecodeBatch(() => null)(bytes, at, (plain) => plain);

async function unpacked(contents: BatchContents): Promise<PackedRecords> {
  return (await decodeBatch(contents)).packed;
}

const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const MIB = 1024 * 1024;

test('a record has its offset, time, key, value and headers, in their order, also several of one name', async () => {
  const names = ['b', '2', 'b', '__proto__', ''];
  const headers = names.map((name, at) => [name, at === 4 ? null : Buffer.from(String(at))] as const);
  const [key, value] = [Buffer.from('k'), Buffer.from('{"a":1}')];
  const packed = await unpacked({
    ...{ firstOffset: 40, lastOffset: 45, firstTimestampMs: 1_000 },
    records: [
      { offset: 42, timestampDelta: 5, key, value, headers },
      { offset: 43, key: Buffer.alloc(0) },
      { offset: 44, key, headers },
    ],
  });
  assert.equal(packed.offset, 45n);
  assert.deepEqual(readAll(packed), [
    decoded(42, {
      timestampMs: 1_005,
      ...{ key, value, headers: headers.map(([name, content]) => ({ name, value: content })) },
    }),
    decoded(43, { timestampMs: 1_000, key: Buffer.alloc(0) }),
    decoded(44, {
      timestampMs: 1_000,
      ...{ key, headers: headers.map(([name, content]) => ({ name, value: content })) },
    }),
  ]);
});

test('what key and value take is known without either', async () => {
  const [key, value] = [Buffer.from('k'), Buffer.from('{"a":1}')];
  const packed = await unpacked({
    firstOffset: 0,
    records: [{ offset: 0, key, value }, { offset: 1, key }, { offset: 2 }],
  });
  const records: KafkaRecord[] = [];
  packed.read({ topic: 't', partition: 0 }, 0n, records);
  assert.deepEqual(records.map(({ bytes }) => bytes), [8, 1, 0]); // prettier-ignore
});

test('offsets and times beyond 32 bits, and times that run backwards, are exact', async () => {
  const firstOffset = 2 ** 40;
  const firstTimestampMs = 1_790_000_000_000;
  const deltas = [0, -1, 2 ** 27, -(2 ** 27), 2 ** 28, 2 ** 31, 2 ** 35, -(2 ** 40), 1_700_000_000_000];
  const packed = await unpacked({
    ...{ firstOffset, firstTimestampMs },
    records: deltas.map((timestampDelta, index) => ({ offset: firstOffset + index * 300, timestampDelta })),
  });
  assert.deepEqual(
    readAll(packed).map(({ offset, timestampMs }) => [offset, timestampMs]),
    deltas.map((delta, index) => [BigInt(firstOffset + index * 300), firstTimestampMs + delta]),
  );
});

test("where the broker's time of appending counts, all records have it", async () => {
  const records = [{ offset: 0, timestampDelta: 5 }, { offset: 1 }];
  const packed = await unpacked({
    ...{ firstOffset: 0, attributes: LOG_APPEND_TIME, maxTimestampMs: 77, records },
  });
  assert.deepEqual(readAll(packed).map(({ timestampMs }) => timestampMs), [77, 77]); // prettier-ignore
});

test('a batch says whether it is of control records, whose it is and whether in a transaction', async () => {
  const attributes = TRANSACTIONAL | CONTROL;
  const packed = await unpacked({ firstOffset: 3, attributes, producerId: 9, records: [{ offset: 3 }] });
  const { isControlRecord, producerId, inTransaction } = packed;
  assert.deepEqual([isControlRecord, producerId, inTransaction], [true, '9', true]);
  assert.deepEqual(readAll(packed), [decoded(3)]);
});

test('records before the wanted offset are left out', async () => {
  const packed = await unpacked({ firstOffset: 3, records: [3, 4, 5].map((offset) => ({ offset })) });
  assert.deepEqual(readAll(packed, 4n), [decoded(4), decoded(5)]);
});

test('what is compressed is decompressed by the codec that the batch names', async () => {
  const reversed = (data: Buffer) => Buffer.from(data).reverse();
  const codecs = (codec: number) =>
    codec === 3 ? { decompress: (data: Buffer) => Promise.resolve(reversed(data)) } : null;
  const contents = { firstOffset: 8, attributes: 3, records: [{ offset: 8, key: Buffer.from('key') }] };
  const room = Buffer.allocUnsafeSlow(1_000);
  const hold = (plain: Buffer) => room.subarray(0, plain.copy(room));
  const batch = await createDecodeBatch(codecs)(encodeBatch(contents, reversed), 0, hold);
  assert.ok(batch !== null);
  assert.equal(readAll(batch.packed)[0]?.key?.toString(), 'key');
  assert.equal(batch.packed.recordsIn, room.buffer, 'read where it is held');
});

test('a batch that is cut off anywhere is none; the one before it says where it begins', async () => {
  const first = encodeBatch({ firstOffset: 0, records: [{ offset: 0, value: Buffer.from('abc') }] });
  const both = Buffer.concat([first, first]);
  assert.equal((await decodeBytes(both, 0))?.end, first.length);
  assert.equal((await decodeBytes(both, first.length))?.end, both.length);
  for (let length = 0; length < first.length; length += 1) {
    assert.equal(await decodeBytes(both.subarray(0, first.length + length), first.length), null);
  }
});

const ONE_RECORD: BatchContents = {
  firstOffset: 7,
  records: [{ offset: 7, key: Buffer.from('k'), value: Buffer.from('v'), headers: [['h', null]] }],
};

/** How many records a batch has, or why it can't be read. */
async function readingOf(batch: Buffer): Promise<number | Error | null> {
  const found = await decodeBytes(batch, 0).catch((error: unknown) => error as Error);
  if (found === null || found instanceof Error) return found;
  try {
    return readAll(found.packed).length;
  } catch (error) {
    return error as Error;
  }
}

test('a batch is read only if its checksum is that of its bytes, whatever byte was changed', async () => {
  const bytes = encodeBatch(ONE_RECORD);
  assert.equal(await readingOf(bytes), 1);
  for (let at = 17; at < bytes.length; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    const outcome = await readingOf(damaged);
    assert.ok(outcome instanceof DrainError, String(at));
    assert.equal(outcome.code, 'RECORDS_DAMAGED');
    assert.match(outcome.message, /^The batch of t-0 that begins at offset 7 is damaged/);
  }
});

test('lengths that contradict each other are refused, whatever byte they are in: nothing is read behind the end', async () => {
  const bytes = encodeBatch(ONE_RECORD);
  for (let at = 61; at < bytes.length; at += 1) {
    for (const value of [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = value;
      const outcome = await readingOf(withChecksum(damaged));
      if (outcome instanceof Error) assert.match(outcome.message, /contradict/);
      else assert.equal(outcome, 1);
    }
  }
  const backwards = Buffer.from(bytes);
  backwards.writeInt32BE(-12, 8);
  const countless = Buffer.from(bytes);
  countless.writeInt32BE(2 ** 31 - 1, 57);
  assert.match(String(await readingOf(backwards)), /begins at offset 7 is damaged/);
  assert.match(String(await readingOf(withChecksum(countless))), /contradict/);
});

test('what records take in memory grows with their bytes, and with their number', async () => {
  const sizesOf = async (records: BatchContents['records']) => {
    const { bytes, packed } = await decodeBatch({ firstOffset: 0, records });
    return { bytes, read: packed.read({ topic: 't', partition: 0 }, 0n, []) };
  };
  const [one, two, large] = await Promise.all([
    sizesOf([{ offset: 0 }]),
    sizesOf([{ offset: 0 }, { offset: 1 }]),
    sizesOf([{ offset: 0, key: Buffer.alloc(500), value: Buffer.alloc(500) }]),
  ]);
  for (const kind of ['bytes', 'read'] as const) {
    assert.ok(one[kind] >= 200 && two[kind] >= 2 * one[kind] && large[kind] >= one[kind] + 1_000);
  }
});

test('headers take no memory until somebody asks for them: millions of them compress to a few kilobytes', async () => {
  const count = 5_000_000;
  const { packed } = await decodeBatch({
    firstOffset: 0,
    records: [{ offset: 0, encodedHeaders: { count, bytes: Buffer.alloc(2 * count) } }, { offset: 1 }],
  });
  const before = process.memoryUsage().heapUsed;
  const records: KafkaRecord[] = [];
  packed.read({ topic: 't', partition: 0 }, 0n, records);
  assert.ok(process.memoryUsage().heapUsed - before < 50 * MIB);
  assert.deepEqual(
    records.map(({ offset }) => offset),
    [0n, 1n],
  );
});
