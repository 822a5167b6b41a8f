import type { PartitionName, RecordBatch } from '../kafka/source.js';

/** Drops what lies at or beyond the plan's end; `null`: no end. Behind the last record the batch reaches at most the end. */
export function cutAtEnd(batch: RecordBatch, end: bigint | null): RecordBatch {
  if (end === null || batch.nextOffset <= end) return batch;
  return { ...batch, records: batch.records.filter(({ offset }) => offset < end), nextOffset: end };
}

/**
 * The room that `maxRecords` leaves for one run; without a limit it is endless. What is committed takes room for good, what is
 * written but not yet committed until it is known whether it will be: a refused commit gives it back, and so does a rebalance.
 */
export interface Room {
  /** The first part of the batch that still fits; `null`: nothing does, by now. */
  fit: (batch: RecordBatch) => RecordBatch | null;
  /** What is committed takes all of it. */
  isFull: () => boolean;
  /** So many records of the partition are about to be committed. */
  take: (partition: PartitionName, records: number) => void;
  /** They are, or the partition's next batch is handed out. */
  giveBack: (partition: PartitionName) => void;
  /** All partitions are handed out again from their last commits. */
  giveBackAll: () => void;
}

/** @param committed how many records the run has committed, earlier attempts included. */
export function createRoom(maxRecords: number | null, committed: () => number): Room {
  const taken = new Map<PartitionName, number>();
  const used = () => [...taken.values()].reduce((sum, records) => sum + records, committed());
  return {
    fit: (batch) => {
      if (maxRecords === null) return batch;
      const left = Math.max(0, maxRecords - used());
      const next = batch.records[left];
      if (next === undefined) return batch;
      return left === 0 ? null : { ...batch, records: batch.records.slice(0, left), nextOffset: next.offset };
    },
    isFull: () => maxRecords !== null && committed() >= maxRecords,
    take: (partition, records) => {
      taken.set(partition, records);
    },
    giveBack: (partition) => {
      taken.delete(partition);
    },
    giveBackAll: () => {
      taken.clear();
    },
  };
}
