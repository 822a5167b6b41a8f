import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDecodeBatch } from '../../src/kafka/batch-decoder.js';
import type { FetchedBatch } from '../../src/kafka/internals.js';
import { toRecordBatch } from '../../src/kafka/record-batch.js';
import { decodeBatch, encodeBatch } from './encoded-batch.js';

/** A fetch of `t-0` from an offset on: batches of the log by their first and last offsets, and the last offset it covers. */
async function fetchedFrom(from: number, ranges: [number, number][], covered: number): Promise<FetchedBatch> {
  const messages = ranges.map(async ([first, last]) => {
    const offsets = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    return (await decodeBatch({ firstOffset: first, records: offsets.map((offset) => ({ offset })) })).packed;
  });
  return {
    ...{ topic: 't', partition: 0, fetchedOffset: String(from), messages: await Promise.all(messages) },
    isEmpty: () => false,
    lastOffset: () => String(covered),
  };
}

function outline(batch: FetchedBatch, maxBytes?: number): [offsets: string, nextOffset: bigint] {
  const { records, nextOffset } = toRecordBatch(batch, maxBytes);
  return [records.map(({ offset }) => String(offset)).join(), nextOffset];
}

test('the batches of a fetch are handled together, from the fetched offset to the last one that is covered', async () => {
  const batch = await fetchedFrom(
    4,
    [
      [2, 5],
      [6, 7],
    ],
    9,
  );
  assert.deepEqual(outline(batch), ['4,5,6,7', 10n]);
});

test('what takes too much is left for the next fetch, the first batch of the log never is', async () => {
  const batch = await fetchedFrom(
    0,
    [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
    7,
  );
  assert.deepEqual(outline(batch, 1), ['0,1', 2n]);
  assert.deepEqual(outline(batch, 500), ['0,1,2,3', 4n]);
  assert.deepEqual(outline(batch, 1_000), ['0,1,2,3,4,5', 8n]);
});

test('what is before a damaged batch is handled, and then it is told', async () => {
  const whole = await fetchedFrom(
    0,
    [
      [0, 1],
      [2, 3],
    ],
    7,
  );
  const [first, second] = whole.messages;
  assert.ok(first !== undefined && second !== undefined);
  const damaged = await createDecodeBatch(() => null)(damagedBatch(), 0);
  assert.ok(damaged !== null);
  const rest = (messages: FetchedBatch['messages']): FetchedBatch => ({ ...whole, messages });
  assert.deepEqual(outline(rest([first, second, damaged.packed])), ['0,1,2,3', 4n]);
  assert.throws(() => outline(rest([damaged.packed])), { code: 'RECORDS_DAMAGED' });
  // where records are missing in between, the place is known all the same
  assert.deepEqual(outline(rest([second, damaged.packed])), ['2,3', 4n]);
});

function damagedBatch(): Buffer {
  const bytes = encodeBatch({ firstOffset: 4, records: [{ offset: 4 }] });
  bytes.writeUInt32BE(0, 17);
  return bytes;
}

test('a fetch without a visible record is handled, too', async () => {
  assert.deepEqual(outline(await fetchedFrom(4, [], 9)), ['', 10n]);
});
