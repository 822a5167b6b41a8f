const INTERVAL_SECONDS = 3_600;

/**
 * A pipeline's schedule for tests and benchmarks, in which nothing but their own trigger shall start a run: the next tick is half an
 * hour away. `every` alone isn't enough, as its ticks are at full hours, and one of them in a run of the suite starts a run of every
 * schedule that there is.
 */
export function farTicks(): { every: string; offset: string } {
  const offset = (Math.floor(Date.now() / 1_000) + INTERVAL_SECONDS / 2) % INTERVAL_SECONDS;
  return { every: `${String(INTERVAL_SECONDS)}s`, offset: `${String(offset)}s` };
}
