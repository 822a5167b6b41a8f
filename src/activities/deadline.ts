import type { RunLimits } from '../contract.js';
import { DrainError } from '../errors.js';

export interface AttemptTimes {
  /** For how long the drain reads, counted from when it has its partitions: a slow join takes nothing from it. */
  budgetMs: number;
  /** When the drain stops itself at the latest, counted, like `killMs`, from the attempt's start. */
  stopByMs: number;
  /** Until the thread is terminated, always before Temporal gives up on the attempt. */
  killMs: number;
}

/** How long before Temporal gives up the thread must be dead, and how long before that the drain must begin to stop. */
const KILL_MARGIN_MS = 10_000;
const STOP_MARGIN_MS = 20_000;
/** Short limits get margins in proportion. */
const KILL_MARGIN_SHARE = 0.1;
const STOP_MARGIN_SHARE = 0.2;

/**
 * Fixes an attempt's times at its start, all relative, so that a wall clock that jumps later changes nothing.
 * @param sinceScheduledMs how long ago the first attempt was scheduled.
 * Error: `NO_TIME_LEFT` when it isn't worth joining the group any more.
 */
export function attemptTimes(limits: RunLimits, sinceScheduledMs: number): AttemptTimes {
  const given = Math.min(limits.startToCloseMs, limits.scheduleToCloseMs - sinceScheduledMs);
  const killMs = given - Math.min(KILL_MARGIN_MS, limits.startToCloseMs * KILL_MARGIN_SHARE);
  const stopMargin = Math.min(STOP_MARGIN_MS, limits.startToCloseMs * STOP_MARGIN_SHARE);
  const stopByMs = killMs - stopMargin;
  if (stopByMs > 0) return { budgetMs: Math.min(limits.budgetMs, stopByMs), stopByMs, killMs };
  throw new DrainError(
    'NO_TIME_LEFT',
    `only ${String(Math.max(0, Math.round(given / 1000)))} s are left of the ${String(limits.scheduleToCloseMs / 1000)} s for all ` +
      'attempts of this run, too little to join the group again. The next run goes on at the committed offsets.',
  );
}
