import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchedBatch } from '../../src/kafka/internals.js';
import { toRecordBatch } from '../../src/kafka/record-batch.js';
import { decodeBatch } from './encoded-batch.js';

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

test('a fetch without a visible record is handled, too', async () => {
  assert.deepEqual(outline(await fetchedFrom(4, [], 9)), ['', 10n]);
});
