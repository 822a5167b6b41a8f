import type { FetchedBatch, Group } from './internals.js';

/** What a fetch may bring, bytes as the broker sends them. */
export interface FetchSize {
  /** Of all partitions from one broker. */
  maxBytes: number;
  /** Of each. */
  maxBytesPerPartition: number;
  /** Of one that the member has alone: it has nothing else to do while that is fetched and committed. */
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
/** Of a partition that is alone so much more is asked for each time all of it could be handled. */
const GROWTH_ALONE = 1 / 16;

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
 * twenty times. Of a partition that is alone, for hardly more than could be handled at once.
 */
export function createFetchSizing(whole: FetchSize): FetchSizing {
  let begun = false;
  let share = 1;
  let alone = false;
  let mostAlone = whole.maxBytesAlone;
  const learnAlone = ({ received, left }: Decoded) => {
    const taken = left > 0 ? received - left : mostAlone * (1 + GROWTH_ALONE);
    mostAlone = Math.min(whole.maxBytesAlone, Math.max(whole.maxBytesPerPartition, taken));
  };
  const learnShare = ({ received, left }: Decoded) => {
    if (left > received / 2) share = Math.max(LEAST_SHARE, share / 2);
    else if (left === 0) share = Math.min(1, share * 2);
  };
  return {
    apply: (group) => {
      alone = isAlone(group);
      const maxBytes = Math.round(whole.maxBytes * share);
      group.maxBytes = begun ? maxBytes : Math.min(maxBytes, FIRST_FETCH_BYTES);
      group.maxBytesPerPartition = Math.round((alone ? mostAlone : whole.maxBytesPerPartition) * share);
    },
    learn: (batches) => {
      begun ||= batches.some((batch) => !batch.isEmpty());
      const memory = batches.find(({ messages }) => messages.length > 0)?.messages[0]?.memory;
      const decoded = memory && decodedOf.get(memory);
      if (decoded === undefined) return;
      // the larger piece is given up first
      const mayBeLess = !alone || mostAlone <= whole.maxBytesPerPartition;
      if (alone) learnAlone(decoded);
      if (decoded.left === 0 || mayBeLess) learnShare(decoded);
    },
  };
}

function isAlone(group: Group): boolean {
  const [topic, ...others] = group.assigned();
  return others.length === 0 && topic?.partitions.length === 1;
}
