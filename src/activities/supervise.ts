import type { DrainOutcome, DrainProgress } from '../contract.js';
import type { AskedStop } from '../drain/attempt.js';
import type { ThreadMessage } from '../drain/thread-messages.js';
import { DrainError } from '../errors.js';
import type { AttemptTimes } from './deadline.js';
import type { DrainThread } from './drain-thread.js';
import { NO_SUSPICION, createSuspicion, type TransformCalls } from './suspects.js';

export interface Supervision {
  times: AttemptTimes;
  stallTimeoutMs: number;
  heartbeatIntervalMs: number;
  /** Monotonic, milliseconds. */
  clock: () => number;
  heartbeat: (progress: DrainProgress) => void;
  /** Aborted by Temporal: cancellation, shutdown, or because the server gave this attempt up. */
  cancelled: AbortSignal;
  /** Logs and metrics. */
  onMessage: (message: ThreadMessage) => void;
  /** Left out where the pipeline has no transform. */
  transformCalls?: TransformCalls;
}

/** After being asked politely. Below the worker's forced shutdown, above the longest single write. */
const GRACE_MS = 15_000;
const WATCH_PERIOD_MS = 100;

const STARTING: DrainProgress = {
  phase: 'starting',
  read: 0,
  written: 0,
  lag: 0,
  ratePerSecond: 0,
  budgetLeftSeconds: 0,
  deadLettered: 0,
  resumed: false,
  committed: [],
};

/**
 * Watches over a drain thread until its run is done or it is gone: forwards its progress as heartbeats, passes on wishes to stop, and
 * terminates it when it is silent, too old, or doesn't stop in time. A heartbeat is sent only after a sign of life, so a
 * hung drain can't look alive.
 * Errors: the thread's own, `THREAD_SILENT`, `TRANSFORM_SILENT`, `HARD_KILLED`, `THREAD_OUT_OF_MEMORY`, `THREAD_FAILED`, or the abort's reason.
 */
export async function supervise(
  start: (onMessage: (message: ThreadMessage) => void) => DrainThread,
  supervision: Supervision,
): Promise<DrainOutcome> {
  const { cancelled, transformCalls } = supervision;
  const suspicion =
    transformCalls === undefined ? NO_SUSPICION : createSuspicion({ ...supervision, ...transformCalls });
  const heartbeat = suspicion.told(supervision.heartbeat);
  const watch = createWatch({ ...supervision, heartbeat });
  heartbeat(STARTING);
  const thread = startOrEnd(() => start(watch.onMessage), watch);
  const stopListening = onAbort(cancelled, (reason) => {
    const stop = askedStopOf(reason);
    if (stop === null) watch.kill(new DrainError('FENCED', 'the server gave this attempt up'));
    else {
      watch.expectEnd();
      thread.stop(stop);
    }
  });
  const stopSuspecting = suspicion.watch(watch.kill);
  try {
    await Promise.race([thread.ended, watch.killed, watch.said]);
    const outcome = watch.outcome();
    if (cancelled.aborted && !completes(cancelled.reason)) throw abortError(cancelled);
    return outcome;
  } catch (reason) {
    const error = suspicion.accuse(reason, cancelled.aborted);
    // Where people wait for a partial result they get the reason why there is none: a mere "cancelled" would deny what was
    // committed. Elsewhere nobody listens any more.
    throw cancelled.aborted && !completes(cancelled.reason) ? abortError(cancelled) : error;
  } finally {
    stopListening();
    stopSuspecting();
    watch.end();
    await thread.release();
  }
}

/** A thread that can't even be started leaves nothing to watch. */
function startOrEnd(start: () => DrainThread, watch: Watch): DrainThread {
  try {
    return start();
  } catch (error) {
    watch.end();
    const reason = error instanceof Error ? error.message : String(error);
    throw new DrainError('THREAD_FAILED', `the drain thread could not be started: ${reason}`, {
      cause: error,
    });
  }
}

/**
 * How to end, by the reason Temporal gives; `null`: at once, committing nothing more, because the server has given this
 * attempt up and may have started another.
 */
function askedStopOf(reason: unknown): AskedStop | null {
  const text = messageOf(reason);
  if (text === 'TIMED_OUT' || text === 'NOT_FOUND') return null;
  return isShutdown(reason) ? 'shutdown' : 'stopped';
}

/** Whether a polite end completes the activity with its partial result; otherwise the reason is thrown on. */
function completes(reason: unknown): boolean {
  return isShutdown(reason) || messageOf(reason) === 'CANCELLED';
}

function isShutdown(reason: unknown): boolean {
  return messageOf(reason) === 'WORKER_SHUTDOWN';
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : '';
}

function abortError({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new DrainError('UNEXPECTED', 'the activity was aborted');
}

function onAbort(signal: AbortSignal, listener: (reason: unknown) => void): () => void {
  const call = () => {
    listener(signal.reason);
  };
  if (signal.aborted) call();
  signal.addEventListener('abort', call, { once: true });
  return () => {
    signal.removeEventListener('abort', call);
  };
}

interface Watch {
  onMessage: (message: ThreadMessage) => void;
  /** Rejects when the thread must be terminated. */
  killed: Promise<never>;
  /** Resolves when the thread has said how it ended: everything it opened is closed by then, whatever still keeps it alive. */
  said: Promise<void>;
  kill: (error: DrainError) => void;
  /** It was asked to stop: from now on it has the grace period. */
  expectEnd: () => void;
  /** What the thread said before it ended; throws what it failed with. */
  outcome: () => DrainOutcome;
  end: () => void;
}

function createWatch({
  times,
  stallTimeoutMs,
  heartbeatIntervalMs,
  clock,
  heartbeat,
  onMessage,
}: Supervision): Watch {
  let deadline: Deadline = { atMs: clock() + times.killMs, error: tooOld(times.killMs) };
  let lastSignMs = clock();
  let lastBeatMs = clock();
  let unsent: DrainProgress | null = null;
  let last: Extract<ThreadMessage, { kind: 'done' | 'failed' }> | null = null;
  let kill: (error: DrainError) => void = () => undefined;
  const killed = new Promise<never>((_, reject) => {
    kill = reject;
  });
  let conclude: () => void = () => undefined;
  const said = new Promise<void>((resolve) => {
    conclude = resolve;
  });
  const beat = () => {
    if (unsent === null) return;
    heartbeat(unsent);
    unsent = null;
    lastBeatMs = clock();
  };
  const timer = setInterval(() => {
    const now = clock();
    if (now - lastBeatMs >= heartbeatIntervalMs) beat();
    if (now - lastSignMs >= stallTimeoutMs) kill(silent(stallTimeoutMs));
    if (now >= deadline.atMs) kill(deadline.error());
  }, WATCH_PERIOD_MS);
  return {
    killed,
    said,
    kill,
    onMessage: (message) => {
      lastSignMs = clock();
      if (message.kind === 'progress') unsent = message.progress;
      else if (message.kind === 'done' || message.kind === 'failed') {
        last = message;
        conclude();
      }
      onMessage(message);
    },
    expectEnd: () => {
      const atMs = clock() + GRACE_MS;
      if (atMs < deadline.atMs) deadline = { atMs, error: unwilling };
    },
    outcome: () => outcomeOf(last),
    end: () => {
      clearInterval(timer);
      // A completion that gets lost while the server is away is made up for by the last heartbeat's details.
      beat();
    },
  };
}

interface Deadline {
  atMs: number;
  error: () => DrainError;
}

function tooOld(killMs: number): () => DrainError {
  return () =>
    new DrainError(
      'HARD_KILLED',
      `the drain thread was still running after ${seconds(killMs)} s and was terminated. What was committed is kept.`,
    );
}

function unwilling(): DrainError {
  return new DrainError(
    'HARD_KILLED',
    `the drain thread did not stop within ${seconds(GRACE_MS)} s of being asked and was terminated. What was committed is kept.`,
  );
}

function silent(stallTimeoutMs: number): DrainError {
  return new DrainError(
    'THREAD_SILENT',
    `the drain thread gave no sign of life for ${seconds(stallTimeoutMs)} s and was terminated. What was committed is kept.`,
  );
}

function seconds(ms: number): string {
  return String(Math.round(ms / 100) / 10);
}

function outcomeOf(last: Extract<ThreadMessage, { kind: 'done' | 'failed' }> | null): DrainOutcome {
  if (last === null) throw new DrainError('THREAD_FAILED', 'the drain thread ended without a result');
  if (last.kind === 'done') return last.outcome;
  throw new DrainError(last.error.code, last.error.message);
}
