import type { LogRecord } from './log.js';
import { violation, type Violation } from './violation.js';

/** The part of a run's result that is checked; as it stands in the workflow's history. */
export interface RunBooks {
  /** Names the run in a violation. */
  run: string;
  stopReason: string;
  lagAfter: number;
  records: Readonly<Record<string, number>> & { readonly read: number };
  lost: readonly { partition: number; from: string; to: string }[];
  partitions: readonly {
    partition: number;
    start: string;
    end: string;
    committed: string | null;
    read: number;
  }[];
}

/** I6 of one run: read is the sum of the outcomes, and of what the partitions say. */
export function booksViolation({ run, records, partitions }: RunBooks): Violation | null {
  const { read, ...outcomes } = records;
  const sum = Object.values(outcomes).reduce((total, count) => total + count, 0);
  if (sum !== read)
    return violation('I6', `run ${run} read ${String(read)} records, its outcomes add up to ${String(sum)}`);
  const parts = partitions.reduce((total, partition) => total + partition.read, 0);
  if (parts === read) return null;
  return violation(
    'I6',
    `run ${run} read ${String(read)} records, its partitions add up to ${String(parts)}`,
  );
}

/** I6 of a run that had its partitions to itself: it read just the visible records from its starts to its commits. */
export function readViolation(log: readonly LogRecord[], { run, partitions }: RunBooks): Violation | null {
  for (const { partition, start, committed, read } of partitions) {
    const wanted = committed === null ? 0 : countBetween(log, partition, BigInt(start), BigInt(committed));
    if (wanted === read) continue;
    const range = `partition ${String(partition)} holds ${String(wanted)} records from ${start} up to ${String(committed)}`;
    return violation('I6', `${range}, run ${run} says it read ${String(read)}`);
  }
  return null;
}

function countBetween(log: readonly LogRecord[], partition: number, from: bigint, to: bigint): number {
  let count = 0;
  for (const record of log)
    if (record.partition === partition && record.offset >= from && record.offset < to) count += 1;
  return count;
}

/** I6 of all runs together, where none failed: every record was read at least once. */
export function totalViolation(records: number, runs: readonly RunBooks[]): Violation | null {
  const read = runs.reduce((sum, run) => sum + run.records.read, 0);
  if (read >= records) return null;
  return violation('I6', `all runs together read ${String(read)} of ${String(records)} records`);
}

/** I7: the last run reached its plan's end. */
export function progressViolation(runs: readonly RunBooks[]): Violation | null {
  const last = runs.at(-1);
  if (last === undefined) return violation('I7', 'no run has a result');
  const ended = last.stopReason === 'drained' || last.stopReason === 'nothing-to-do';
  if (ended && last.lagAfter === 0) return null;
  return violation(
    'I7',
    `the last run (${last.run}) ended ${last.stopReason} with a lag of ${String(last.lagAfter)}`,
  );
}
