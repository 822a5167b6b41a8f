import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDecodeBatch } from '../../src/kafka/batch-decoder.js';
import { createDecodeMessages, hideAborted } from '../../src/kafka/decode-patch.js';
import type { DecodedRecord, Decoder } from '../../src/kafka/internals.js';
import { decoded, encodeBatch, type RecordContents } from './encoded-batch.js';

function batch(firstOffset: number, lastOffset: number, records: RecordContents[]): Buffer {
  return encodeBatch({ firstOffset, lastOffset, records });
}

/** Of one response: each call decodes one partition with these bytes. */
function decodingResponse(maxBytes?: number): (batches: Buffer[]) => Promise<DecodedRecord[]> {
  const decode = createDecodeMessages(
    {
      decodeBatch: createDecodeBatch(() => null),
      decodeMessageSet: () =>
        Promise.resolve([{ offset: '99', timestamp: '5', key: Buffer.from('old'), value: null }]),
    },
    maxBytes,
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

function decoding(batches: Buffer[]): Promise<DecodedRecord[]> {
  return decodingResponse()(batches);
}

const outline = (records: readonly DecodedRecord[]): string[] =>
  records.map(({ offset, isControlRecord }) => (isControlRecord ? `(${String(offset)})` : String(offset)));

test('a whole batch is decoded as it is', async () => {
  assert.deepEqual(outline(await decoding([batch(5, 6, [{ offset: 5 }, { offset: 6 }])])), ['5', '6']);
});

test('an empty shell and a compacted tail get a control record at the last offset of their batch', async () => {
  const records = await decoding([batch(0, 3, []), batch(4, 8, [{ offset: 4 }, { offset: 6 }])]);
  assert.deepEqual(outline(records), ['(3)', '4', '6', '(8)']);
});

test('a batch of 200,000 records is decoded', async () => {
  const many = Array.from({ length: 200_000 }, (_, offset) => ({ offset }));
  assert.equal((await decoding([batch(0, 199_999, many)])).length, 200_000);
});

test('a batch that is cut off ends the decoding, a damaged one is an error', async () => {
  const whole = batch(0, 0, [{ offset: 0, value: Buffer.from('value') }]);
  assert.deepEqual(outline(await decoding([whole, whole.subarray(0, -1)])), ['0']);
  const damaged = Buffer.from(whole);
  damaged[61] = 0x7f;
  await assert.rejects(decoding([whole, damaged]), RangeError);
});

test('messages of Kafka before 0.11 are records, too; a new batch behind them is left for the next fetch', async () => {
  const [message] = await decoding([Buffer.alloc(40)]);
  assert.deepEqual(message, decoded(99, { timestampMs: 5, key: Buffer.from('old') }));
  const old = Buffer.alloc(40);
  assert.deepEqual(outline(await decoding([batch(0, 0, [{ offset: 0 }]), old])), ['0']);
});

test('what decompresses to too much altogether is left for the next fetch; the first batch of a response never is', async () => {
  const decode = decodingResponse(1_000);
  const large = (offset: number) =>
    batch(offset, offset, [{ offset, key: Buffer.alloc(200), value: Buffer.alloc(200) }]);
  assert.deepEqual(outline(await decode([large(0)])), ['0']);
  assert.deepEqual(outline(await decode([large(5), large(6)])), ['5']);
  assert.deepEqual(outline(await decode([large(7)])), []);
  assert.deepEqual(outline(await decodingResponse(1)([large(0), large(1)])), ['0']);
});

const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);
const of = (producerId: string, inTransaction = true) => ({ batchContext: { producerId, inTransaction } });
const marker = (offset: number, producerId: string, key: Buffer): DecodedRecord =>
  decoded(offset, { ...of(producerId), key, isControlRecord: true });

function visible(
  messages: DecodedRecord[],
  abortedTransactions: { producerId: string; firstOffset: string }[],
): string[] {
  hideAborted({ responses: [{ partitions: [{ abortedTransactions, messages }] }] });
  return outline(messages.filter(({ isControlRecord }) => !isControlRecord));
}

test('only the records between the begin of an aborted transaction and its marker are hidden', () => {
  const messages = [
    decoded(0, of('7')),
    marker(1, '7', COMMIT),
    decoded(2, of('7')),
    decoded(3, of('8')),
    decoded(4, of('7', false)),
    marker(5, '7', ABORT),
    decoded(6, of('7')),
  ];
  assert.deepEqual(visible(messages, [{ producerId: '7', firstOffset: '2' }]), ['0', '3', '4', '6']);
});

test('all transactions that began before the first record are known from the first record on', () => {
  const aborted = [
    { producerId: '8', firstOffset: '1' },
    { producerId: '7', firstOffset: '0' },
  ];
  assert.deepEqual(visible([decoded(5, of('8')), decoded(6, of('7')), decoded(7)], aborted), ['7']);
});

test('a record whose key looks like an abort marker does not end the transaction', () => {
  const messages = [
    decoded(0, { ...of('7'), key: ABORT }),
    decoded(1, of('7')),
    marker(2, '7', ABORT),
    decoded(3, of('7')),
  ];
  assert.deepEqual(visible(messages, [{ producerId: '7', firstOffset: '0' }]), ['3']);
});
