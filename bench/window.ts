/** When the work in MongoDB began and ended, as mongod's own counters tell: the same measure for every program, from outside of it. */

/** mongod's counters at a moment. */
export interface CounterSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Inserts, updates and deletes since mongod's start. */
  readonly writes: number;
  readonly queries: number;
}

export interface DrainWindow {
  /** The last sample before the first change. */
  readonly fromMs: number;
  /** The first sample with a write; where nothing was written, with a query. */
  readonly firstMs: number;
  /** Between the last sample before the final count and the first one with it, by the pace until then. */
  readonly toMs: number;
}

/** So far back the pace is taken from: one look alone can lie between two bulk writes. */
const PACE_OF_MS = 250;

/**
 * From the first to the last change of either counter: a program that looks before it writes has worked as well. Null where
 * nothing happened at all.
 */
export function windowOf(samples: readonly CounterSample[]): DrainWindow | null {
  const changed = firstChange(samples, countOf);
  if (changed < 1) return null;
  const written = firstChange(samples, ({ writes }) => writes);
  return {
    fromMs: samples[changed - 1]?.atMs ?? 0,
    firstMs: samples[written < 1 ? changed : written]?.atMs ?? 0,
    toMs: endOf(samples.slice(changed - 1)),
  };
}

function countOf({ writes, queries }: CounterSample): number {
  return writes + queries;
}

function firstChange(samples: readonly CounterSample[], counter: (sample: CounterSample) => number): number {
  const [first] = samples;
  return samples.findIndex((sample) => first !== undefined && counter(sample) !== counter(first));
}

/** Of samples that begin right before the first change. */
function endOf(samples: readonly CounterSample[]): number {
  const total = countOf(samples.at(-1) ?? NOTHING);
  const at = samples.findIndex((sample) => countOf(sample) === total);
  const end = samples[at] ?? NOTHING;
  const before = samples[at - 1] ?? end;
  const earlier = samples.find(({ atMs }) => atMs >= before.atMs - PACE_OF_MS) ?? before;
  const perMs = (countOf(before) - countOf(earlier)) / (before.atMs - earlier.atMs);
  // Without a pace (two samples only, or a pause before the end) it may have been any moment until the last.
  return perMs > 0 ? Math.min(end.atMs, before.atMs + (total - countOf(before)) / perMs) : end.atMs;
}

const NOTHING: CounterSample = { atMs: 0, writes: 0, queries: 0 };

/** Records per second; null where there was no window. */
export function rateOf(records: number, window: DrainWindow | null): number | null {
  if (window === null || window.toMs <= window.fromMs) return null;
  return (records * 1_000) / (window.toMs - window.fromMs);
}
