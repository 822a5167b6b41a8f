import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { FetchedBatch, PackedRecords } from '../../src/kafka/internals.js';
import { createRoom, returnWhenDone, takeMemory } from '../../src/kafka/response-memory.js';
import { fetched } from './member-world.js';

const MIB = 1024 * 1024;

/** One batch of a response for each number of records, which are in the response unless told. */
function batchesIn(memory: Buffer, ...counts: number[]): FetchedBatch[] {
  return decompressed(memory, memory, ...counts);
}

function decompressed(memory: Buffer, into: Buffer, ...counts: number[]): FetchedBatch[] {
  const packed = { memory: memory.buffer, recordsIn: into.buffer } as PackedRecords;
  return counts.map((count, partition) => ({
    ...fetched(partition, 0, count - 1),
    messages: Array.from({ length: count }, () => packed),
  }));
}

function handle(memory: Buffer): void {
  const batches = batchesIn(memory, 1);
  const done = returnWhenDone(batches);
  for (const batch of batches) done(batch);
}

/** Whether the next response of that size would be received into it. */
const isFree = (memory: Buffer): boolean => takeMemory(memory.length).buffer === memory.buffer;

beforeEach(() => {
  // What the test before has left is taken.
  for (let count = 0; count < 5; count += 1) takeMemory(MIB);
});

test('memory is used again when the last batch of its response is done with, not before', () => {
  const memory = takeMemory(2 * MIB);
  const batches = batchesIn(memory, 1, 0, 3, 1);
  const done = returnWhenDone(batches);
  const [first, empty, second, third] = batches as [FetchedBatch, FetchedBatch, FetchedBatch, FetchedBatch];
  done(first);
  done(first);
  done(empty);
  done(third);
  assert.ok(!isFree(memory));
  done(second);
  assert.ok(isFree(memory));
});

test('nothing is given back twice', () => {
  const memory = takeMemory(2 * MIB);
  handle(memory);
  handle(memory);
  assert.ok(isFree(memory));
  assert.ok(!isFree(memory));
});

test('nothing is given back that was not taken: small responses, and what others made', () => {
  const small = takeMemory(1_000);
  const foreign = Buffer.allocUnsafeSlow(2 * MIB);
  for (const memory of [small, foreign]) {
    handle(memory);
    assert.ok(!isFree(memory));
  }
});

test('a few are kept, the largest', () => {
  const memories = [1, 5, 3, 4, 2].map((size) => takeMemory(size * MIB));
  for (const memory of memories) handle(memory);
  const [one, ...others] = memories as [Buffer, ...Buffer[]];
  assert.ok(others.every((memory) => isFree(memory)));
  assert.ok(!isFree(one));
});

test('a response that does not fit gets memory of its own', () => {
  const memory = takeMemory(MIB);
  handle(memory);
  assert.notEqual(takeMemory(MIB + 1).buffer, memory.buffer);
  assert.ok(isFree(memory));
});

test('a response of which everything was decompressed is given back at once, and that when its batches are done with', () => {
  const memory = takeMemory(2 * MIB);
  const into = takeMemory(3 * MIB);
  const batches = decompressed(memory, into, 1, 1);
  const done = returnWhenDone(batches);
  assert.ok(isFree(memory));
  const [first, second] = batches as [FetchedBatch, FetchedBatch];
  done(first);
  assert.ok(!isFree(into));
  done(second);
  assert.ok(isFree(into));
});

test('a response that is compressed in part is given back with the last batch in it', () => {
  const memory = takeMemory(2 * MIB);
  const into = takeMemory(3 * MIB);
  const [plain] = batchesIn(memory, 1) as [FetchedBatch];
  const [other] = decompressed(memory, into, 1) as [FetchedBatch];
  const done = returnWhenDone([plain, other]);
  done(other);
  assert.ok(isFree(into));
  assert.ok(!isFree(memory));
  done(plain);
  assert.ok(isFree(memory));
});

test('a room holds one after the other in the same memory, and leaves what is too much for it where it is', () => {
  const hold = createRoom(100);
  const first = hold(Buffer.from('first'));
  const second = hold(Buffer.from('second'));
  const large = Buffer.alloc(90);
  assert.equal(hold(large), large);
  const last = hold(Buffer.alloc(89, 'x'));
  assert.deepEqual([first, second].map(String), ['first', 'second']);
  assert.deepEqual([second.buffer, last.buffer], [first.buffer, first.buffer]);
  assert.equal(hold(Buffer.from('y')).buffer === first.buffer, false);
});
