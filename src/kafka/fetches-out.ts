/** The fetches of all brokers that aren't answered yet. */
export interface FetchesOut {
  /** Counts it until it is settled. */
  during: <T>(fetch: () => Promise<T>) => Promise<T>;
  /** For how long the first of them has been out, milliseconds; 0: none is. */
  firstMs: () => number;
}

export function createFetchesOut(): FetchesOut {
  // in the order in which they were sent
  const out = new Set<{ sentMs: number }>();
  return {
    during: async (fetch) => {
      const sent = { sentMs: performance.now() };
      out.add(sent);
      try {
        return await fetch();
      } finally {
        out.delete(sent);
      }
    },
    firstMs: () => {
      const [first] = out;
      return first === undefined ? 0 : performance.now() - first.sentMs;
    },
  };
}
