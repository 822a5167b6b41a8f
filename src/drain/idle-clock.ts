/**
 * Measures idleness: it runs only from a fetch that was sent with nothing in hand to a fetch that came back without error,
 * so neither slow writes nor an outage nor a rebalance counts as "nothing arrives any more". Where other fetches are still out, from other
 * brokers, it runs up to when the first of them was sent. Whether a fetch that came back
 * brought anything shows in what follows it: a batch, or the next fetch. Only then does it count.
 * All times by the given monotonic clock, in milliseconds.
 */
export interface IdleClock {
  fetching: () => void;
  /** @param outMs for how long the first of those still out has been. */
  fetched: (outMs: number) => void;
  /** A batch was handed out. */
  batchBegins: () => void;
  batchEnds: () => void;
  /** Outage or rebalance. */
  interrupted: () => void;
  idleMs: () => number;
}

export function createIdleClock(clock: () => number): IdleClock {
  let since: number | null = null;
  let untilLastFetch = 0;
  let idle = 0;
  let inHand = 0;
  const reset = () => {
    since = null;
    untilLastFetch = 0;
    idle = 0;
  };
  return {
    fetching: () => {
      idle = untilLastFetch;
      if (inHand === 0) since ??= clock();
    },
    fetched: (outMs) => {
      if (since !== null) untilLastFetch = Math.max(untilLastFetch, clock() - outMs - since);
    },
    batchBegins: () => {
      inHand += 1;
      reset();
    },
    batchEnds: () => {
      inHand -= 1;
      reset();
    },
    interrupted: reset,
    idleMs: () => idle,
  };
}
