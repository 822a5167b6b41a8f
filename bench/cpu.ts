/** How much CPU a run took, by the samples of it. */
import type { Sample } from './sampler.js';
import type { DrainWindow } from './window.js';

/** Seconds of CPU from the start to the end of a run, and of the client also those of the window. */
export interface CpuUse {
  readonly client: number;
  readonly clientInWindow: number | null;
  readonly mongod: number;
  readonly kafka: number;
  readonly temporal: number;
  /** What measuring took beside. */
  readonly bench: number;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export function cpuOf(samples: readonly Sample[], whole: Span, window: DrainWindow | null): CpuUse {
  const client = ({ client: use }: Sample): number | null => use?.cpuSeconds ?? null;
  return {
    client: usedIn(whole, samples, client),
    clientInWindow: window === null ? null : usedIn(window, samples, client),
    mongod: usedIn(whole, samples, ({ others }) => others.mongod),
    kafka: usedIn(whole, samples, ({ others }) => others.kafka),
    temporal: usedIn(whole, samples, ({ others }) => others.temporal),
    bench: usedIn(whole, samples, ({ others }) => others.bench),
  };
}

/** `seconds` gives what was used until a sample, null where nothing is known of it. */
export function usedIn(
  { fromMs, toMs }: Span,
  samples: readonly Sample[],
  seconds: (sample: Sample) => number | null,
): number {
  const points = samples.flatMap((sample) => {
    const used = seconds(sample);
    return used === null ? [] : [{ atMs: sample.atMs, used }];
  });
  return usedAt(points, toMs) - usedAt(points, fromMs);
}

interface Point {
  readonly atMs: number;
  readonly used: number;
}

/** Between two samples in proportion; outside of all as at the nearest. */
function usedAt(points: readonly Point[], atMs: number): number {
  const index = points.findIndex((point) => point.atMs >= atMs);
  const next = points[index] ?? points.at(-1);
  const before = points[index - 1];
  if (next === undefined) return 0;
  if (before === undefined || index < 0) return next.used;
  const share = (atMs - before.atMs) / (next.atMs - before.atMs);
  return before.used + share * (next.used - before.used);
}
