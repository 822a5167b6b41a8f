/**
 * Which record's transform is under way, noted where the thread's end doesn't take it along: in memory shared by the thread
 * and its supervisor. A partition's records are handled one by one, so each partition has one place.
 */

/** A record, in Kafka's own notation of its partition: `orders-3`. */
export interface RecordPlace {
  partition: string;
  offset: bigint;
}

/** The thread's side. */
export interface CallNotes {
  began: (partition: string, offset: bigint) => void;
  ended: (partition: string) => void;
}

/** The memory for so many partitions. */
export function sharedCalls(partitions: number): SharedArrayBuffer {
  return new SharedArrayBuffer(partitions * BigInt64Array.BYTES_PER_ELEMENT);
}

const NONE = 0n;

/** @param partitions in the same order on both sides. */
export function noteCalls(shared: SharedArrayBuffer, partitions: readonly string[]): CallNotes {
  const places = new Map(partitions.map((partition, index) => [partition, index]));
  const notes = new BigInt64Array(shared);
  const note = (partition: string, noted: bigint) => {
    const place = places.get(partition);
    if (place !== undefined) Atomics.store(notes, place, noted);
  };
  return {
    // Offset 0 is one, too.
    began: (partition, offset) => {
      note(partition, offset + 1n);
    },
    ended: (partition) => {
      note(partition, NONE);
    },
  };
}

/** The supervisor's side: the calls that are under way now, or were when the thread ended. */
export function callsIn(shared: SharedArrayBuffer, partitions: readonly string[]): RecordPlace[] {
  const notes = new BigInt64Array(shared);
  return partitions.flatMap((partition, index) => {
    const noted = Atomics.load(notes, index);
    return noted === NONE ? [] : [{ partition, offset: noted - 1n }];
  });
}
