/** Calls `action` again and again, never twice at once; returns the function that ends it. */
export type Every = (periodMs: number, action: () => void | Promise<void>) => () => void;

export const every: Every = (periodMs, action) => {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void (async () => {
      try {
        await action();
      } finally {
        busy = false;
      }
    })();
  }, periodMs);
  return () => {
    clearInterval(timer);
  };
};
