/** What people may write about when runs start, and how long they take. Defaults and their reasons are in `defaults.ts`. */
import { z } from 'zod';
import { parseCron } from './cron.js';
import { DAY_MS, MIN_CATCHUP_WINDOW_MS, MIN_INTERVAL_MS } from './defaults.js';
import { duration, integer, mapping } from './fields.js';

const CRON_ERROR =
  'a cron expression of five fields (minute, hour, day of month, month, day of week), or a list of them';
const CRON_EXPRESSION = z
  .string({ error: CRON_ERROR })
  .refine((expression) => parseCron(expression) !== null, { error: CRON_ERROR });

/** Temporal's names of the overlap policies; capitals, dashes and underscores are a matter of taste. */
export const OVERLAP_POLICIES = [
  'skip',
  'buffer-one',
  'buffer-all',
  'cancel-other',
  'terminate-other',
  'allow-all',
] as const;

const OVERLAP_ERROR = `one of ${OVERLAP_POLICIES.join(', ')}`;
const OVERLAP = z
  .string({ error: OVERLAP_ERROR })
  .transform((written, context) => {
    const letters = plainLetters(written);
    const found = OVERLAP_POLICIES.find((policy) => plainLetters(policy) === letters);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: OVERLAP_ERROR });
    return z.NEVER;
  })
  .meta({
    description: 'What happens to a tick while a run is active. Default: skip.',
    examples: [...OVERLAP_POLICIES],
  });

// `SCHEDULE_OVERLAP_POLICY_BUFFER_ONE`, `BufferOne` and `buffer-one` are the same
function plainLetters(policy: string): string {
  return policy
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
    .replace(/^scheduleoverlappolicy/, '');
}

const TIMEZONE_ERROR = 'an IANA time zone, for instance Europe/Berlin';
const TIMEZONE = z.string({ error: TIMEZONE_ERROR }).refine(isTimezone, { error: TIMEZONE_ERROR });

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const SCHEDULE = mapping(
  {
    every: duration('Interval; default 5m.', { min: MIN_INTERVAL_MS }).optional(),
    offset: duration('Moves the ticks of `every`; default 0s.', { min: 0 }).optional(),
    cron: z
      .union(
        [CRON_EXPRESSION, z.array(CRON_EXPRESSION, { error: CRON_ERROR }).min(1, { error: CRON_ERROR })],
        { error: CRON_ERROR },
      )
      .describe('Instead of `every`; needs limits.budget and limits.startToClose.')
      .optional(),
    timezone: TIMEZONE.describe('Of `cron`; default UTC.').optional(),
    jitter: duration('Random delay of each tick, up to this; default 0s.', { min: 0 }).optional(),
    overlap: OVERLAP.optional(),
    catchupWindow: duration(
      'How late a tick missed during an outage may still start; default one interval.',
      { min: MIN_CATCHUP_WINDOW_MS },
    ).optional(),
  },
  'When runs start.',
);

// timers of JavaScript end at 24.8 days
const LIMIT_BOUNDS = { min: 100, max: DAY_MS };

export const LIMITS = mapping(
  {
    budget: duration(
      'A run stops itself when it has read for this long; default 80 % of the interval, at most 4m.',
      LIMIT_BOUNDS,
    ).optional(),
    idleTimeout: duration(
      'Nothing arrives for this long: the end of the run with `until: idle`, otherwise a stall. Default: 30s.',
      // a fetch that finds nothing takes half a second
      { ...LIMIT_BOUNDS, min: 1_000 },
    ).optional(),
    maxRecords: integer(
      { min: 1, max: Number.MAX_SAFE_INTEGER },
      'A run stops after this many records; default null: no limit.',
    )
      .nullable()
      .optional(),
    startToClose: duration(
      'The hard kill of an attempt; default 90 % of the interval, at most 4m30s.',
      LIMIT_BOUNDS,
    ).optional(),
    scheduleToClose: duration('All attempts together; default two intervals.', { min: 100 }).optional(),
    heartbeatTimeout: duration(
      'Another worker takes over after this long without a sign of life; default 30s.',
      LIMIT_BOUNDS,
    ).optional(),
    stallTimeout: duration(
      'A drain thread silent for this long is terminated; default 20s.',
      LIMIT_BOUNDS,
    ).optional(),
  },
  'Time and size limits of a run.',
);

export type FileSchedule = z.output<typeof SCHEDULE>;
export type FileLimits = z.output<typeof LIMITS>;
