/** The time limits of a run: derived from the schedule where the file says nothing, and checked against each other. */
import type { RunLimits } from '../contract.js';
import { LIMIT_DEFAULTS, SCHEDULE_DEFAULTS } from './defaults.js';
import { formatDuration } from './duration.js';
import type { FileLimits, FileSchedule } from './schedule-schema.js';
import type { Problem } from './problem.js';

/** What one check needs: two limits, what must hold between them, and why. */
interface Rule {
  limit: keyof FileLimits;
  holds: (limits: RunLimits) => boolean;
  text: (limits: RunLimits) => string;
}

const RULES: readonly Rule[] = [
  {
    limit: 'budget',
    holds: ({ budgetMs, startToCloseMs }) => budgetMs < startToCloseMs,
    text: ({ budgetMs, startToCloseMs }) =>
      `budget (${formatDuration(budgetMs)}) must be shorter than startToClose (${formatDuration(startToCloseMs)}), or runs are killed before they stop by themselves`,
  },
  {
    limit: 'startToClose',
    holds: ({ startToCloseMs, scheduleToCloseMs }) => startToCloseMs <= scheduleToCloseMs,
    text: ({ startToCloseMs, scheduleToCloseMs }) =>
      `startToClose (${formatDuration(startToCloseMs)}) is one attempt and must not be longer than scheduleToClose (${formatDuration(scheduleToCloseMs)}), all attempts together`,
  },
  {
    limit: 'stallTimeout',
    holds: ({ stallTimeoutMs, heartbeatTimeoutMs }) => stallTimeoutMs < heartbeatTimeoutMs,
    text: ({ stallTimeoutMs, heartbeatTimeoutMs }) =>
      `stallTimeout (${formatDuration(stallTimeoutMs)}) must be shorter than heartbeatTimeout (${formatDuration(heartbeatTimeoutMs)}), or another worker takes over before a silent thread is terminated`,
  },
];

/** The interval of the schedule; `null` with `cron`. */
export function intervalOf(schedule: FileSchedule): number | null {
  if (schedule.cron !== undefined) return null;
  return schedule.every ?? SCHEDULE_DEFAULTS.intervalMs;
}

/**
 * Budget 80 % and start-to-close 90 % of the interval, capped at the values of a 5-minute one; schedule-to-close two
 * intervals. With `cron`, budget and start-to-close are the file's (`limitProblems` reports where they are missing).
 */
export function deriveLimits(schedule: FileSchedule, written: FileLimits): RunLimits {
  const d = LIMIT_DEFAULTS;
  const intervalMs = intervalOf(schedule);
  const share = (part: number, capMs: number) => Math.min(Math.floor((intervalMs ?? Infinity) * part), capMs);
  const startToCloseMs = written.startToClose ?? share(d.startToCloseShare, d.maxStartToCloseMs);
  return {
    budgetMs: written.budget ?? share(d.budgetShare, d.maxBudgetMs),
    startToCloseMs,
    scheduleToCloseMs:
      written.scheduleToClose ??
      (intervalMs === null
        ? startToCloseMs * d.cronScheduleToCloseAttempts
        : intervalMs * d.scheduleToCloseIntervals),
    heartbeatTimeoutMs: written.heartbeatTimeout ?? d.heartbeatTimeoutMs,
    idleTimeoutMs: written.idleTimeout ?? d.idleTimeoutMs,
    stallTimeoutMs: written.stallTimeout ?? d.stallTimeoutMs,
    maxRecords: written.maxRecords ?? null,
  };
}

export interface LimitsToCheck {
  schedule: FileSchedule;
  written: FileLimits;
  until: 'end-offsets' | 'idle';
  heartbeatIntervalMs: number;
}

/** Every rule between limits that the file breaks; paths are relative to the pipeline. */
export function limitProblems({ schedule, written, until, heartbeatIntervalMs }: LimitsToCheck): Problem[] {
  const missing = cronProblems(schedule, written);
  if (missing.length > 0) return missing;
  const limits = deriveLimits(schedule, written);
  const problems = RULES.filter(({ holds }) => !holds(limits)).map(({ limit, text }) => ({
    path: ['limits', limit],
    text: text(limits),
  }));
  if (until === 'idle' && limits.idleTimeoutMs >= limits.budgetMs) {
    const text = `idleTimeout (${formatDuration(limits.idleTimeoutMs)}) must be shorter than budget (${formatDuration(limits.budgetMs)}), or a run with \`until: idle\` never ends idle`;
    problems.push({ path: ['limits', 'idleTimeout'], text });
  }
  if (heartbeatIntervalMs >= limits.heartbeatTimeoutMs) {
    const text = `heartbeatTimeout (${formatDuration(limits.heartbeatTimeoutMs)}) must be longer than worker.heartbeatInterval (${formatDuration(heartbeatIntervalMs)})`;
    problems.push({ path: ['limits', 'heartbeatTimeout'], text });
  }
  return problems;
}

function cronProblems(schedule: FileSchedule, written: FileLimits): Problem[] {
  if (schedule.cron === undefined) return [];
  return (['budget', 'startToClose'] as const)
    .filter((limit) => written[limit] === undefined)
    .map((limit) => ({
      path: ['limits', limit],
      text: `missing; with \`cron\` there is no interval to derive it from, so it must be given, for instance ${limit === 'budget' ? '4m' : '4m30s'}`,
    }));
}
