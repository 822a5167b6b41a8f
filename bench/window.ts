/** When writing began and ended, as mongod's own counters tell: the same measure for every program, from outside of it. */

/** mongod's counters at a moment. */
export interface CounterSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Inserts, updates and deletes since mongod's start. */
  readonly writes: number;
  readonly queries: number;
}

export interface WriteWindow {
  /** The last sample before the first change: the window is never too short. */
  readonly fromMs: number;
  /** The first sample with a change. */
  readonly firstMs: number;
  /** The first sample with the final count. */
  readonly toMs: number;
}

/**
 * From the first to the last change of the counter of writes. Where nothing was written (a replay that only looked), queries
 * count. Null where nothing happened at all.
 */
export function windowOf(samples: readonly CounterSample[]): WriteWindow | null {
  return changesOf(samples, ({ writes }) => writes) ?? changesOf(samples, ({ queries }) => queries);
}

function changesOf(
  samples: readonly CounterSample[],
  counter: (sample: CounterSample) => number,
): WriteWindow | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || counter(first) === counter(last)) return null;
  const changed = samples.findIndex((sample) => counter(sample) !== counter(first));
  const final = samples.find((sample) => counter(sample) === counter(last));
  return {
    fromMs: (samples[changed - 1] ?? first).atMs,
    firstMs: (samples[changed] ?? last).atMs,
    toMs: (final ?? last).atMs,
  };
}

/** Records per second; null where there was no window. */
export function rateOf(records: number, window: WriteWindow | null): number | null {
  if (window === null || window.toMs <= window.fromMs) return null;
  return (records * 1_000) / (window.toMs - window.fromMs);
}
