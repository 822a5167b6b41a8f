import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDecodeMessages, hideAborted, type DecoderParts } from '../../src/kafka/decode-patch.js';
import type { DecodedBatch, DecodedRecord, Decoder } from '../../src/kafka/internals.js';

const context = { firstOffset: '0', lastOffsetDelta: 0, producerId: '-1', inTransaction: false };

function record(offset: number, overrides: Partial<DecodedRecord> = {}): DecodedRecord {
  return {
    offset: String(offset),
    key: null,
    value: null,
    isControlRecord: false,
    batchContext: context,
    ...overrides,
  };
}

function batch(firstOffset: number, lastOffsetDelta: number, records: DecodedRecord[]): DecodedBatch {
  return { ...context, firstOffset: String(firstOffset), lastOffsetDelta, records };
}

/** Of one response: each call decodes one partition, with the batches that are given for it, and then "cut off". */
function decodingResponse(
  maxBytes?: number,
): (batches: (DecodedBatch | Error)[]) => Promise<DecodedRecord[]> {
  const buffer = Buffer.alloc(100);
  buffer.writeInt8(2, 16);
  let queue: (DecodedBatch | Error)[] = [];
  class FakeDecoder implements Decoder {
    constructor(readonly buffer: Buffer) {}
    readInt32 = (): number => 100;
    readBytes = (): Buffer => buffer;
    canReadBytes = (): boolean => queue.length > 0;
  }
  const parts: DecoderParts = {
    Decoder: FakeDecoder,
    decodeBatch: () => {
      const next = queue.shift();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? batch(0, 0, []));
    },
    decodeMessageSet: () => Promise.resolve([record(99)]),
  };
  const decode = createDecodeMessages(parts, maxBytes);
  const decoder = new FakeDecoder(buffer);
  return (batches) => {
    queue = [...batches];
    return decode(decoder);
  };
}

function decoding(batches: (DecodedBatch | Error)[]): Promise<DecodedRecord[]> {
  return decodingResponse()(batches);
}

const outline = (records: readonly DecodedRecord[]): string[] =>
  records.map(({ offset, isControlRecord }) => (isControlRecord ? `(${offset})` : offset));

test('a whole batch is decoded as it is', async () => {
  assert.deepEqual(outline(await decoding([batch(5, 1, [record(5), record(6)])])), ['5', '6']);
});

test('an empty shell and a compacted tail get a control record at the last offset of their batch', async () => {
  const records = await decoding([batch(0, 3, []), batch(4, 4, [record(4), record(6)])]);
  assert.deepEqual(outline(records), ['(3)', '4', '6', '(8)']);
});

test('a batch of 200,000 records is decoded', async () => {
  const many = Array.from({ length: 200_000 }, (_, offset) => record(offset));
  assert.equal((await decoding([batch(0, 199_999, many)])).length, 200_000);
});

test('a batch that is cut off ends the decoding, any other error is passed on', async () => {
  const partial = Object.assign(new Error('cut'), { name: 'KafkaJSPartialMessageError' });
  assert.deepEqual(outline(await decoding([batch(0, 0, [record(0)]), partial])), ['0']);
  await assert.rejects(decoding([batch(0, 0, [record(0)]), new RangeError('damaged')]), RangeError);
});

test('what decompresses to too much altogether is left for the next fetch; the first batch of a response never is', async () => {
  const decode = decodingResponse(1_000);
  const large = (offset: number) =>
    batch(offset, 0, [record(offset, { key: Buffer.alloc(200), value: Buffer.alloc(200) })]);
  assert.deepEqual(outline(await decode([large(0)])), ['0']);
  assert.deepEqual(outline(await decode([large(5), large(6)])), ['5']);
  assert.deepEqual(outline(await decode([large(7)])), []);
  assert.deepEqual(outline(await decodingResponse(1)([large(0), large(1)])), ['0']);
});

test('records without bytes and their headers count, too: they take room', async () => {
  const empty = (offset: number) => batch(offset, 1, [record(offset), record(offset + 1)]);
  assert.deepEqual(outline(await decodingResponse(800)([empty(0), empty(2), empty(4)])), [
    '0',
    '1',
    '2',
    '3',
  ]);
  const values = [Buffer.alloc(300), Buffer.alloc(1), null, Buffer.alloc(1)];
  const headers = values.map((value) => ({ key: 'trace', value }));
  const withHeaders = (offset: number) => batch(offset, 0, [record(offset, { headers })]);
  assert.deepEqual(outline(await decodingResponse(900)([withHeaders(0), withHeaders(1)])), ['0']);
});

const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);
const of = (producerId: string, inTransaction = true) => ({
  batchContext: { ...context, producerId, inTransaction },
});
const marker = (offset: number, producerId: string, key: Buffer): DecodedRecord =>
  record(offset, { ...of(producerId), key, isControlRecord: true });

function visible(
  messages: DecodedRecord[],
  abortedTransactions: { producerId: string; firstOffset: string }[],
): string[] {
  hideAborted({ responses: [{ partitions: [{ abortedTransactions, messages }] }] });
  return outline(messages.filter(({ isControlRecord }) => !isControlRecord));
}

test('only the records between the begin of an aborted transaction and its marker are hidden', () => {
  const messages = [
    record(0, of('7')),
    marker(1, '7', COMMIT),
    record(2, of('7')),
    record(3, of('8')),
    record(4, of('7', false)),
    marker(5, '7', ABORT),
    record(6, of('7')),
  ];
  assert.deepEqual(visible(messages, [{ producerId: '7', firstOffset: '2' }]), ['0', '3', '4', '6']);
});

test('all transactions that began before the first record are known from the first record on', () => {
  const aborted = [
    { producerId: '8', firstOffset: '1' },
    { producerId: '7', firstOffset: '0' },
  ];
  assert.deepEqual(visible([record(5, of('8')), record(6, of('7')), record(7)], aborted), ['7']);
});

test('a record whose key looks like an abort marker does not end the transaction', () => {
  const messages = [
    record(0, { ...of('7'), key: ABORT }),
    record(1, of('7')),
    marker(2, '7', ABORT),
    record(3, of('7')),
  ];
  assert.deepEqual(visible(messages, [{ producerId: '7', firstOffset: '0' }]), ['3']);
});
