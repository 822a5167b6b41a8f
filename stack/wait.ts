import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often {@link waitUntil} asks. */
export interface WaitOptions {
  /** Upper bound in milliseconds. */
  readonly timeoutMs: number;
  /** Pause between two checks in milliseconds; 50 unless told. */
  readonly intervalMs?: number;
  /** Ends the wait early, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Asks until the check is true; a check that throws counts as "not yet".
 * Rejects with the last error's text once the time is up.
 */
export async function waitUntil(
  what: string,
  check: () => Promise<boolean>,
  options: WaitOptions,
): Promise<void> {
  const { timeoutMs, intervalMs = 50, signal } = options;
  const end = performance.now() + timeoutMs;
  let last = 'the check was never true';
  do {
    signal?.throwIfAborted();
    try {
      if (await check()) return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(intervalMs);
  } while (performance.now() < end);
  throw new Error(`${what} not within ${timeoutMs / 1000} s: ${last}`);
}
