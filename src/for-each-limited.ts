/** Handles all values, at most `limit` at a time. After a failure nothing new is begun; it is thrown when all have ended. */
export async function forEachLimited<T>(
  values: readonly T[],
  limit: number,
  handle: (value: T) => Promise<void>,
): Promise<void> {
  const queue = values.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const value of queue) {
      if (failed) return;
      await handle(value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const workers = Array.from({ length: Math.min(limit, values.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
}
