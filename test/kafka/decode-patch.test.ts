import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDecodeBatch, type BatchCodec } from '../../src/kafka/batch-decoder.js';
import { createDecodeMessages, hideAborted, type DecodeLimits } from '../../src/kafka/decode-patch.js';
import { createFetchSizing } from '../../src/kafka/fetch-size.js';
import type { Decoder, PackedRecords } from '../../src/kafka/internals.js';
import {
  decodeBatch,
  decoded,
  encodeBatch,
  readAll,
  withChecksum,
  type RecordContents,
} from './encoded-batch.js';
import { fetched, groupOf } from './member-world.js';

function batch(firstOffset: number, lastOffset: number, records: RecordContents[]): Buffer {
  return encodeBatch({ firstOffset, lastOffset, records });
}

/** Of one response: each call decodes one partition with these bytes. */
function decodingResponse(
  limits?: DecodeLimits,
  codec: BatchCodec | null = null,
): (batches: Buffer[]) => Promise<PackedRecords[]> {
  const decode = createDecodeMessages(
    {
      decodeBatch: createDecodeBatch(() => codec),
      decodeMessageSet: () =>
        Promise.resolve([{ offset: '99', timestamp: '5', key: Buffer.from('old'), value: null }]),
    },
    limits,
  );
  let bytes = Buffer.alloc(0);
  const decoder: Decoder = {
    buffer: bytes,
    readInt32: () => bytes.length,
    readBytes: () => bytes,
    canReadBytes: () => true,
  };
  return (batches) => {
    bytes = Buffer.concat(batches);
    return decode(decoder);
  };
}

function decoding(batches: Buffer[]): Promise<PackedRecords[]> {
  return decodingResponse()(batches);
}

/** The batches' last offsets, those of hidden ones in brackets. */
const outline = (batches: readonly PackedRecords[]): string[] =>
  batches.map(({ offset, isControlRecord }) => (isControlRecord ? `(${String(offset)})` : String(offset)));

test('a whole batch is one of kafkajs’s messages, and its records are read when they are asked for', async () => {
  const batches = await decoding([batch(5, 6, [{ offset: 5 }, { offset: 6 }])]);
  assert.deepEqual(outline(batches), ['6']);
  assert.deepEqual(batches.flatMap((packed) => readAll(packed)), [decoded(5), decoded(6)]); // prettier-ignore
});

test('an empty shell and a compacted tail stand for the last offset of their batch', async () => {
  const batches = await decoding([batch(0, 3, []), batch(4, 8, [{ offset: 4 }, { offset: 6 }])]);
  assert.deepEqual(outline(batches), ['3', '8']);
  assert.deepEqual(batches.flatMap((packed) => readAll(packed)), [decoded(4), decoded(6)]); // prettier-ignore
});

test('a damaged batch is neither hidden nor passed over, whatever it says of itself, and nothing behind it is decoded', async () => {
  const control = encodeBatch({ firstOffset: 4, attributes: 0x30, producerId: 9, records: [{ offset: 4 }] });
  control.writeUInt32BE(0, 17);
  assert.deepEqual(
    outline(await decoding([batch(0, 3, []), control, batch(5, 5, [])])),
    ['3'],
    'left for the next fetch',
  );
  const [damaged, ...behind] = await decoding([control, batch(5, 5, [])]);
  assert.deepEqual([damaged?.isDamaged, behind], [true, []]);
  // a fetch may begin within it, and kafkajs drops what ends before
  assert.ok(damaged !== undefined && damaged.offset > 8n && !damaged.isControlRecord);
  hideAborted({
    responses: [
      { partitions: [{ abortedTransactions: [{ producerId: '9', firstOffset: '4' }], messages: [damaged] }] },
    ],
  });
  assert.equal(damaged.isControlRecord, false);
  assert.throws(() => readAll(damaged), { code: 'RECORDS_DAMAGED' });
});

test('a batch of 200,000 records and 200,000 batches are decoded', async () => {
  const many = Array.from({ length: 200_000 }, (_, offset) => ({ offset }));
  const [whole] = await decoding([batch(0, 199_999, many)]);
  assert.ok(whole !== undefined);
  assert.equal(readAll(whole).length, 200_000);
  assert.equal((await decoding(Array.from({ length: 200_000 }, () => batch(0, 0, [])))).length, 200_000);
});

test('a batch that is cut off ends the decoding, a damaged one is an error', async () => {
  const whole = batch(0, 0, [{ offset: 0, value: Buffer.from('value') }]);
  assert.deepEqual(outline(await decoding([whole, whole.subarray(0, -1)])), ['0']);
  const damaged = Buffer.from(whole);
  damaged[61] = 0x7f;
  const batches = await decoding([whole, withChecksum(damaged)]);
  assert.throws(() => batches.map((packed) => readAll(packed)), RangeError);
});

test('messages of Kafka before 0.11 are records, too; a new batch behind them is left for the next fetch', async () => {
  const [message] = await decoding([Buffer.alloc(40)]);
  assert.ok(message !== undefined);
  assert.equal(message.offset, 99n);
  assert.deepEqual(readAll(message), [decoded(99, { timestampMs: 5, key: Buffer.from('old') })]);
  assert.deepEqual(readAll(message, 100n), []);
  const old = Buffer.alloc(40);
  assert.deepEqual(outline(await decoding([batch(0, 0, [{ offset: 0 }]), old])), ['0']);
});

const large = (offset: number): Buffer =>
  batch(offset, offset, [{ offset, key: Buffer.alloc(200), value: Buffer.alloc(200) }]);

const COPYING: BatchCodec = { decompress: (data) => Promise.resolve(Buffer.from(data)) };

test('what decompresses to too much altogether is left for the next fetch; the first batch of a response never is', async () => {
  const decode = decodingResponse({ response: 1_000, partition: Infinity }, COPYING);
  assert.deepEqual(outline(await decode([large(0)])), ['0']);
  assert.deepEqual(outline(await decode([large(5), large(6), large(7)])), ['5', '6']);
  assert.deepEqual(outline(await decode([large(8)])), []);
  const least = decodingResponse({ response: 1, partition: Infinity }, COPYING);
  assert.deepEqual(outline(await least([large(0), large(1)])), ['0']);
});

test('of one partition half of it is decompressed, so that there is room for another one', async () => {
  const decode = decodingResponse({ response: 2_000, partition: Infinity }, COPYING);
  const five = [0, 1, 2, 3, 4].map(large);
  assert.deepEqual(outline(await decode(five)), ['0', '1', '2']);
  assert.deepEqual(outline(await decode(five)), ['0', '1']);
  assert.deepEqual(outline(await decode(five)), []);
});

test('what the partitions of a response decompress to is in one memory, another one than that of the response', async () => {
  const decode = decodingResponse({ response: 100_000, partition: Infinity }, COPYING);
  const batches = [...(await decode([large(0), large(1)])), ...(await decode([large(0)]))];
  assert.equal(new Set(batches.map(({ recordsIn }) => recordsIn)).size, 1);
  assert.ok(batches.every(({ memory, recordsIn }) => memory !== recordsIn));
  assert.deepEqual(
    batches.flatMap((packed) => readAll(packed)).map(({ offset, value }) => [offset, value?.length]),
    [
      [0n, 200],
      [1n, 200],
      [0n, 200],
    ],
  );
});

test('what is left of a response makes the next fetches smaller: of one partition, and whole partitions', async () => {
  const sizing = createFetchSizing({
    maxBytes: 64 * 1024,
    maxBytesPerPartition: 64 * 1024,
    maxBytesAlone: 64 * 1024,
  });
  const shareAfter = async (...partitions: Buffer[][]): Promise<number> => {
    const decode = decodingResponse({ response: 2_000, partition: Infinity }, COPYING);
    const messages: PackedRecords[] = [];
    for (const batches of partitions) messages.push(...(await decode(batches)));
    sizing.learn([{ ...fetched(0, 0, 0), messages }]);
    const group = groupOf();
    sizing.apply(group);
    return group.maxBytes / (64 * 1024);
  };
  const eight = [0, 1, 2, 3, 4, 5, 6, 7].map(large);
  assert.equal(await shareAfter(eight.slice(0, 3)), 1);
  assert.equal(await shareAfter(eight), 0.5);
  assert.equal(await shareAfter(eight.slice(0, 3), eight, eight), 0.25);
  assert.equal(await shareAfter(eight.slice(0, 3)), 0.5);
});

test('what is not compressed takes nothing beside the response, and all of it is decoded', async () => {
  const decode = decodingResponse({ response: 1, partition: Infinity });
  assert.deepEqual(outline(await decode([large(0), large(1), large(2)])), ['0', '1', '2']);
  assert.deepEqual(outline(await decode([large(5)])), ['5']);
});

test('of each partition no more is decompressed than is handled at once, and at least one batch', async () => {
  const decode = decodingResponse({ response: Infinity, partition: 1_000 });
  assert.deepEqual(outline(await decode([large(0), large(1), large(2)])), ['0', '1']);
  assert.deepEqual(outline(await decode([large(5), large(6), large(7)])), ['5', '6']);
  const least = decodingResponse({ response: Infinity, partition: 1 });
  assert.deepEqual(outline(await least([large(0), large(1)])), ['0']);
});

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);

/** A batch of one record. */
async function of(offset: number, producerId: number, attributes = TRANSACTIONAL, key: Buffer | null = null) {
  const records = [{ offset, key }];
  return (await decodeBatch({ firstOffset: offset, attributes, producerId, records })).packed;
}

const marker = (offset: number, producerId: number, key: Buffer): Promise<PackedRecords> =>
  of(offset, producerId, TRANSACTIONAL | CONTROL, key);

async function visible(
  batches: Promise<PackedRecords>[],
  abortedTransactions: { producerId: string; firstOffset: string }[],
): Promise<string[]> {
  const messages = await Promise.all(batches);
  hideAborted({ responses: [{ partitions: [{ abortedTransactions, messages }] }] });
  return outline(messages.filter(({ isControlRecord }) => !isControlRecord));
}

test('only the records between the begin of an aborted transaction and its marker are hidden', async () => {
  const batches = [
    of(0, 7),
    marker(1, 7, COMMIT),
    of(2, 7),
    of(3, 8),
    of(4, 7, 0),
    marker(5, 7, ABORT),
    of(6, 7),
  ];
  assert.deepEqual(await visible(batches, [{ producerId: '7', firstOffset: '2' }]), ['0', '3', '4', '6']);
});

test('all transactions that began before the first record are known from the first record on', async () => {
  const aborted = [
    { producerId: '8', firstOffset: '1' },
    { producerId: '7', firstOffset: '0' },
  ];
  assert.deepEqual(await visible([of(5, 8), of(6, 7), of(7, -1, 0)], aborted), ['7']);
});

test('a record whose key looks like an abort marker does not end the transaction', async () => {
  const batches = [of(0, 7, TRANSACTIONAL, ABORT), of(1, 7), marker(2, 7, ABORT), of(3, 7)];
  assert.deepEqual(await visible(batches, [{ producerId: '7', firstOffset: '0' }]), ['3']);
});
