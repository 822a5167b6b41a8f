import type { FetchedBatch, Group } from './internals.js';

/** What a fetch may bring, bytes as the broker sends them. */
export interface FetchSize {
  /** Of all partitions from one broker. */
  maxBytes: number;
  /** Of each. */
  maxBytesPerPartition: number;
  /** Of one that the member has alone: nothing else is in hand while it is fetched and committed. */
  maxBytesAlone: number;
}

/** How much of a response was decoded, bytes as the broker sent them. */
export interface Decoded {
  received: number;
  /** Would decompress to more than there is room for: it is fetched again. */
  left: number;
}

/** Of a broker, until something came: a small piece is written 0.3 s sooner than a whole fetch would be. */
const FIRST_FETCH_BYTES = 256 * 1024;
/** Of what is asked for otherwise, where records compress that much. */
const LEAST_SHARE = 1 / 64;

const decodedOf = new WeakMap<ArrayBufferLike, Decoded>();

/** Called when decoding a response begins; the counts grow with it. */
export function noteDecoded(memory: ArrayBufferLike, decoded: Decoded): void {
  decodedOf.set(memory, decoded);
}

export interface FetchSizing {
  /** Before a fetch: how much it asks for. */
  apply: (group: Group) => void;
  /** After it: what it brought. */
  learn: (batches: readonly FetchedBatch[]) => void;
}

/**
 * Asks for a whole fetch, or for less where most of what came was left: records that compress to a twentieth would cross the network
 * twenty times. Of a partition that is alone, for no more than could be handled at once.
 */
export function createFetchSizing(whole: FetchSize): FetchSizing {
  let begun = false;
  let share = 1;
  let mostAlone = whole.maxBytesAlone;
  return {
    apply: (group) => {
      const maxBytes = Math.round(whole.maxBytes * share);
      group.maxBytes = begun ? maxBytes : Math.min(maxBytes, FIRST_FETCH_BYTES);
      const ofEach = isAlone(group) ? mostAlone : whole.maxBytesPerPartition;
      group.maxBytesPerPartition = Math.round(ofEach * share);
    },
    learn: (batches) => {
      begun ||= batches.some((batch) => !batch.isEmpty());
      const memory = batches.find(({ messages }) => messages.length > 0)?.messages[0]?.memory;
      const decoded = memory && decodedOf.get(memory);
      if (decoded === undefined) return;
      if (decoded.left > decoded.received / 2) share = Math.max(LEAST_SHARE, share / 2);
      else if (decoded.left === 0) share = Math.min(1, share * 2);
      else mostAlone = Math.max(whole.maxBytesPerPartition, decoded.received - decoded.left);
    },
  };
}

function isAlone(group: Group): boolean {
  const [topic, ...others] = group.assigned();
  return others.length === 0 && topic?.partitions.length === 1;
}
