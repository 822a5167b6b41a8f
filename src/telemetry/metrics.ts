/** Our metrics, on the same endpoint as the SDK's. The table is in docs/metrics.md. */
import type { MetricMeter } from '@temporalio/common';
import type { DrainOutcome, Plan, RecordCounts } from '../contract.js';
import type { Books } from '../drain/books.js';
import type { ErrorCode } from '../errors.js';

export const METRICS = {
  runs: 'kafka_drain_runs',
  failures: 'kafka_drain_failed_attempts',
  records: 'kafka_drain_records',
  bytes: 'kafka_drain_bytes',
  lag: 'kafka_drain_lag_records',
  batchWriteSeconds: 'kafka_drain_batch_write_seconds',
} as const;

/** Every outcome a record can have, with its label. */
const OUTCOMES = {
  inserted: 'inserted',
  updated: 'updated',
  deleted: 'deleted',
  unchanged: 'unchanged',
  coalesced: 'coalesced',
  skipped: 'skipped',
  deadLettered: 'dead-lettered',
} as const satisfies Record<Exclude<keyof RecordCounts, 'read'>, string>;

/** Upper bounds in seconds: from one small batch to the 60 s after which a batch is given up. */
export const BATCH_WRITE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface RunMetrics {
  /** After planning: the lag found; a run with nothing to do is counted here, since it drains nothing. */
  planned: (plan: Plan) => void;
  /** Once per run that drained, or per member of it: how it ended. */
  record: (outcome: DrainOutcome, plan: Plan) => void;
  /** What one commit has added, whatever becomes of its run. */
  counted: (pipeline: string, books: Books) => void;
  /** An attempt that failed, to plan or to drain. */
  failed: (pipeline: string, code: ErrorCode) => void;
  /** One batch durably written. */
  batchWritten: (pipeline: string, durationMs: number) => void;
}

/**
 * Labels: `pipeline`, and `stop_reason`, `outcome` or `code`. Given `Runtime.instance().metricMeter` there are no others; an
 * activity's own meter adds namespace, task queue and types.
 */
export function createRunMetrics(meter: MetricMeter): RunMetrics {
  const runs = meter.createCounter(
    METRICS.runs,
    undefined,
    'Runs, or members of runs, by the reason they ended',
  );
  const failures = meter.createCounter(METRICS.failures, undefined, 'Failed attempts by error code');
  const records = meter.createCounter(METRICS.records, undefined, 'Records read by outcome');
  const bytes = meter.createCounter(METRICS.bytes, undefined, 'Bytes of keys and values read');
  const lag = meter.createGauge(
    METRICS.lag,
    'int',
    undefined,
    'Records between committed and end offsets, when last seen',
  );
  const writeSeconds = meter.createHistogram(
    METRICS.batchWriteSeconds,
    'float',
    undefined,
    'Time to write one batch durably',
  );
  return {
    planned: ({ pipeline, lagBefore, nothingToDo }) => {
      lag.set(lagBefore, { pipeline });
      if (nothingToDo) runs.add(1, { pipeline, stop_reason: 'nothing-to-do' });
    },
    record: (outcome, { pipeline }) => {
      runs.add(1, { pipeline, stop_reason: outcome.stopReason });
      lag.set(outcome.lagAfter + (outcome.lagOfOthers ?? 0), { pipeline });
    },
    counted: (pipeline, books) => {
      for (const [count, label] of entriesOf(OUTCOMES))
        records.add(books.counts[count], { pipeline, outcome: label });
      bytes.add(books.bytes, { pipeline });
    },
    failed: (pipeline, code) => failures.add(1, { pipeline, code }),
    batchWritten: (pipeline, durationMs) => writeSeconds.record(durationMs / 1_000, { pipeline }),
  };
}

function entriesOf<Key extends string, Value>(record: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(record) as [Key, Value][];
}
