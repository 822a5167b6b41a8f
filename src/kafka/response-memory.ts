import type { FetchedBatch } from './internals.js';

/**
 * Memory of responses that is used again when everything a response brought is handled: what is allocated outside of JavaScript's
 * heap counts for its garbage collector, and what it hasn't collected yet counts for the process. The largest first.
 */
const free: Buffer[] = [];
/** What was taken and not given back. */
const lent = new WeakSet<ArrayBufferLike>();

/** One for each broker that answers at once, of those that are usual. */
const MAX_FREE = 3;
/** So that responses of about one size share memory. */
const STEP_BYTES = 1024 * 1024;
/** A smaller response isn't worth it: most are no fetches, and nobody gives theirs back. */
const LEAST_BYTES = 64 * 1024;

/** Room for so many bytes, or some more, whatever is in it. */
export function takeMemory(bytes: number): Buffer {
  if (bytes < LEAST_BYTES) return Buffer.allocUnsafeSlow(bytes);
  const at = free.findLastIndex(({ length }) => length >= bytes);
  const [kept] = at === -1 ? [] : free.splice(at, 1);
  const memory = kept ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
  lent.add(memory.buffer);
  return memory;
}

/** Nothing of it is read any more. Of memory that was not taken here, or is given back already, nothing happens. */
function giveBack(memory: ArrayBufferLike): void {
  if (!lent.delete(memory)) return;
  free.push(Buffer.from(memory));
  free.sort((a, b) => b.length - a.length);
  free.length = Math.min(free.length, MAX_FREE);
}

/**
 * What one fetch brought, a response of one broker: the returned function is called for each batch when nothing of it is read any
 * more, and with the last gives the memory back. If one is never handled, the garbage collector has it.
 */
export function returnWhenDone(batches: readonly FetchedBatch[]): (batch: FetchedBatch) => void {
  const inUse = new Set(batches.filter((batch) => !batch.isEmpty()));
  const memory = batches.find(({ messages }) => messages.length > 0)?.messages[0]?.memory;
  return (batch) => {
    if (inUse.delete(batch) && inUse.size === 0 && memory !== undefined) giveBack(memory);
  };
}
