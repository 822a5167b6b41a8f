/** Time that passes only when nobody has anything to do: hours take milliseconds, and every order of events can be replayed. */
export interface VirtualTime {
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  /** Lets things happen until the promise settles. Rejects when nothing is left that could ever settle it. */
  until: <T>(promise: Promise<T>) => Promise<T>;
  /** Lets things happen as they come, until the signal is aborted; for what also waits for real time. */
  flow: (signal: AbortSignal) => Promise<void>;
}

interface Wakeup {
  atMs: number;
  order: number;
  wake: () => void;
}

/** A story that takes longer than this hangs. */
const LIMIT_MS = 3 * 60 * 60 * 1000;

export function createTime(): VirtualTime {
  let nowMs = 0;
  let order = 0;
  const queue: Wakeup[] = [];
  const sleep = (ms: number) =>
    new Promise<void>((wake) => {
      order += 1;
      const wakeup = { atMs: nowMs + ms, order, wake };
      const at = queue.findIndex((other) => other.atMs > wakeup.atMs);
      queue.splice(at < 0 ? queue.length : at, 0, wakeup);
    });
  const wakeNext = (next: Wakeup) => {
    nowMs = next.atMs;
    next.wake();
  };
  return {
    now: () => nowMs,
    sleep,
    flow: async (signal) => {
      while (!signal.aborted) {
        await microtasks();
        const next = queue.shift();
        if (next !== undefined) wakeNext(next);
      }
    },
    until: async (promise) => {
      const state = { settled: false };
      const settle = () => {
        state.settled = true;
      };
      promise.then(settle, settle);
      for (;;) {
        await microtasks();
        if (state.settled) return promise;
        const next = queue.shift();
        if (next === undefined || next.atMs > LIMIT_MS)
          throw new Error(`the story hangs at ${String(nowMs)} ms`);
        wakeNext(next);
      }
    },
  };
}

/** Everything that can go on without time passing has gone on. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
