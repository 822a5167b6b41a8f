import type { RecordBatch } from '../kafka/source.js';

/** Drops what lies at or beyond the plan's end; `null`: no end. Behind the last record the batch reaches at most the end. */
export function cutAtEnd(batch: RecordBatch, end: bigint | null): RecordBatch {
  if (end === null || batch.nextOffset <= end) return batch;
  return { ...batch, records: batch.records.filter(({ offset }) => offset < end), nextOffset: end };
}

/** The room that `maxRecords` leaves for one run; without a limit it is endless. */
export interface Room {
  /** The first part of the batch that still fits; `null`: nothing does. */
  fit: (batch: RecordBatch) => RecordBatch | null;
  use: (records: number) => void;
  used: () => number;
}

/** @param already records that earlier attempts of the run have read. */
export function createRoom(maxRecords: number | null, already: number): Room {
  let used = already;
  return {
    fit: (batch) => {
      if (maxRecords === null) return batch;
      const left = Math.max(0, maxRecords - used);
      const next = batch.records[left];
      if (next === undefined) return batch;
      return left === 0 ? null : { ...batch, records: batch.records.slice(0, left), nextOffset: next.offset };
    },
    use: (records) => {
      used += records;
    },
    used: () => used,
  };
}
