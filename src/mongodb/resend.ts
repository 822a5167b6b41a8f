import { setTimeout as sleep } from 'node:timers/promises';
import { DrainError } from '../errors.js';
import type { SinkListener } from './sink.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface Resend {
  /**
   * Waits before the same records are sent again; each pause is twice as long as the one before, up to 2 s. Rejects with
   * `MONGODB_UNAVAILABLE` when the time is used up, or with the signal's reason as soon as it is aborted.
   */
  pause: (reason: string, signal: AbortSignal) => Promise<void>;
}

export interface ResendOptions {
  /** What is being written, for the error: `database.collection`. */
  namespace: string;
  /** Counted from the first outage, by a monotonic clock. */
  resendForMs: number;
  listener: SinkListener;
  log: (text: string) => void;
}

/** The patience of one write call. */
export function createResend({ namespace, resendForMs, listener, log }: ResendOptions): Resend {
  let since: number | null = null;
  let pauses = 0;
  const pause = async (reason: string, signal: AbortSignal): Promise<void> => {
    since ??= performance.now();
    const elapsed = performance.now() - since;
    if (elapsed >= resendForMs) throw unavailable(namespace, elapsed, reason);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** pauses, LONGEST_PAUSE_MS, resendForMs - elapsed);
    pauses += 1;
    log(`MongoDB didn't acknowledge a write to ${namespace} (${reason}); sending it again`);
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    listener.alive();
  };
  return { pause };
}

function unavailable(namespace: string, elapsedMs: number, reason: string): DrainError {
  const seconds = Math.round(elapsedMs / 1000);
  return new DrainError(
    'MONGODB_UNAVAILABLE',
    `MongoDB acknowledged no write to ${namespace} for ${seconds} s; the last error: ${reason}. ` +
      `Nothing unacknowledged is committed: the next attempt writes it again.`,
  );
}
