import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { FetchedBatch } from '../../src/kafka/internals.js';
import { patchedKafkaJs, requireSource } from '../../src/kafka/patched-kafkajs.js';
import { toRecordBatch } from '../../src/kafka/record-batch.js';
import { decodeBatch } from './encoded-batch.js';

const require = createRequire(import.meta.url);

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests: () => void;
  destroy: () => void;
}

function requestQueue(): Queue {
  patchedKafkaJs();
  const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => Queue;
  return new RequestQueue({ maxInFlightRequests: null, requestTimeout: 1, enforceRequestTimeout: false });
}

test('a function that is not the one the patch was written against is refused', () => {
  assert.throws(() => requireSource('fetch', () => undefined), {
    code: 'UNPATCHED_CLIENT',
    message: /function fetch .* kafkajs@2\.2\.4/,
  });
});

test('patching is done once, and again is the same', () => {
  assert.equal(patchedKafkaJs(), patchedKafkaJs());
});

test('an idle connection sets no timer', () => {
  const queue = requestQueue();
  queue.scheduleCheckPendingRequests();
  assert.equal(queue.throttleCheckTimeoutId, null);
});

test('a connection with requests waiting, or throttled by the broker, is looked at again', () => {
  const states: Partial<Queue>[] = [{ pending: [{}] }, { throttledUntil: Date.now() + 60_000 }];
  for (const state of states) {
    const queue: Queue = Object.assign(requestQueue(), state);
    queue.scheduleCheckPendingRequests();
    assert.notEqual(queue.throttleCheckTimeoutId, null);
    queue.destroy();
  }
});

test('what is invisible at the end of a fetch belongs to its batch, and a batch of nothing else is not empty', async () => {
  patchedKafkaJs();
  const Batch = require('kafkajs/src/consumer/batch') as new (
    topic: string,
    offset: string,
    data: object,
  ) => FetchedBatch & { isEmpty: () => boolean; isEmptyDueToFiltering: () => boolean };
  const packed = async (offset: number, attributes = 0) =>
    (await decodeBatch({ firstOffset: offset, attributes, records: [{ offset }] })).packed;
  const marker = (offset: number) => packed(offset, 0x20);
  const cases = [
    { messages: [packed(4), marker(5)], offsets: [4n], nextOffset: 6n },
    { messages: [marker(5), marker(6)], offsets: [], nextOffset: 7n },
    { messages: [packed(2), packed(3)], offsets: [], nextOffset: 4n },
  ];
  for (const { messages, offsets, nextOffset } of cases) {
    const data = { partition: 0, messages: await Promise.all(messages), abortedTransactions: [] };
    const batch = new Batch('t', '4', data);
    assert.deepEqual([batch.isEmpty(), batch.isEmptyDueToFiltering()], [false, false]);
    assert.equal(batch.lastOffset(), String(nextOffset - 1n));
    const { records, nextOffset: next } = toRecordBatch(batch);
    assert.deepEqual([records.map(({ offset }) => offset), next], [offsets, nextOffset]);
    assert.ok(records.every(({ topic, partition }) => topic === 't' && partition === 0));
  }
  assert.equal(new Batch('t', '4', { partition: 0, messages: [], abortedTransactions: [] }).isEmpty(), true);
});

test('the decoders of all fetch versions are linked with the patched function', () => {
  patchedKafkaJs();
  const decodeMessages = String(require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages'));
  assert.match(decodeMessages, /decodeMessageSet/);
  for (const version of [4, 5, 6, 7, 8, 9, 10, 11]) {
    const { decode } = require(`kafkajs/src/protocol/requests/fetch/v${version}/response`) as {
      decode: unknown;
    };
    assert.match(String(decode), /hideAborted/);
  }
});
