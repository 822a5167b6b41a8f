import { createSpareBuffers } from '../spare-buffers.js';
import type { FetchedBatch } from './internals.js';

const MIB = 1024 * 1024;

/**
 * Of responses and of what they decompress to: for brokers that answer at once, of those that are usual, and for what is still in hand.
 * They outlive the run, so what one of large records brought is let go.
 */
const memories = createSpareBuffers({ most: 4, longest: 16 * MIB, step: MIB });

/** A smaller response isn't worth it: most are no fetches, and nobody gives theirs back. */
const LEAST_BYTES = 64 * 1024;

/** Room for a response of so many bytes, or some more, whatever is in it. */
export function takeMemory(bytes: number): Buffer {
  return bytes < LEAST_BYTES ? Buffer.allocUnsafeSlow(bytes) : memories.take(bytes);
}

/**
 * Room for so many bytes of what a response decompresses to. Data is copied into it: a buffer for each batch of the log would count
 * for the garbage collector, and tens of megabytes wait for it. What doesn't fit stays where it is.
 */
export function createRoom(bytes: number): (data: Buffer) => Buffer {
  let room: Buffer | null = null;
  let used = 0;
  return (data) => {
    if (used + data.length > bytes) return data;
    room ??= takeMemory(bytes);
    const held = room.subarray(used, used + data.length);
    used += data.copy(held);
    return held;
  };
}

/**
 * What one fetch brought, a response of one broker: the returned function is called for each batch when nothing of it is read any
 * more, and memory is given back with the last batch whose records are in it. If one is never handled, the garbage collector has it.
 */
export function returnWhenDone(batches: readonly FetchedBatch[]): (batch: FetchedBatch) => void {
  const inUse = new Map<ArrayBufferLike, Set<FetchedBatch>>();
  const usersOf = (memory: ArrayBufferLike): Set<FetchedBatch> => {
    const users = inUse.get(memory) ?? new Set();
    inUse.set(memory, users);
    return users;
  };
  for (const batch of batches) {
    for (const { memory, recordsIn } of batch.messages) {
      usersOf(memory);
      usersOf(recordsIn).add(batch);
    }
  }
  const giveBackUnused = (): void => {
    for (const [memory, users] of inUse) {
      if (users.size > 0) continue;
      memories.giveBack(memory);
      inUse.delete(memory);
    }
  };
  giveBackUnused();
  return (batch) => {
    for (const users of inUse.values()) users.delete(batch);
    giveBackUnused();
  };
}
