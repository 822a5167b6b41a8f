import { createSpareBuffers } from '../spare-buffers.js';
import type { FetchedBatch } from './internals.js';

const MIB = 1024 * 1024;

/** One for each broker that answers at once, of those that are usual, and for what is still in hand. */
const memories = createSpareBuffers({ most: 3, longest: Infinity, step: MIB });

/** A smaller response isn't worth it: most are no fetches, and nobody gives theirs back. */
const LEAST_BYTES = 64 * 1024;

/** Room for a response of so many bytes, or some more, whatever is in it. */
export function takeMemory(bytes: number): Buffer {
  return bytes < LEAST_BYTES ? Buffer.allocUnsafeSlow(bytes) : memories.take(bytes);
}

/**
 * What one fetch brought, a response of one broker: the returned function is called for each batch when nothing of it is read any
 * more, and with the last gives the memory back. If one is never handled, the garbage collector has it.
 */
export function returnWhenDone(batches: readonly FetchedBatch[]): (batch: FetchedBatch) => void {
  const inUse = new Set(batches.filter((batch) => !batch.isEmpty()));
  const memory = batches.find(({ messages }) => messages.length > 0)?.messages[0]?.memory;
  return (batch) => {
    if (inUse.delete(batch) && inUse.size === 0 && memory !== undefined) memories.giveBack(memory);
  };
}
