/** What people may write about one pipeline. Defaults and their reasons are in `defaults.ts`. */
import { z } from 'zod';
import { parseCron } from './cron.js';
import { DAY_MS, MIN_CATCHUP_WINDOW_MS, MIN_INTERVAL_MS } from './defaults.js';
import { duration, flag, integer, mapping, oneOf, share, text, type TextRule } from './fields.js';

const TOPIC: TextRule = {
  pattern: /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
  allowed: 'the name of a Kafka topic: up to 249 letters, digits, dots, dashes and underscores',
};
const COLLECTION: TextRule = {
  pattern: /^(?!system\.)[^$\s\0.][^$\s\0]{0,199}$/,
  allowed:
    'the name of a MongoDB collection: up to 200 characters, no $, no blanks, not beginning with "system." or a dot',
};
const FIELD: TextRule = {
  pattern: /^(?!_kafka$)[^$.\s\0][^.\0]*$/,
  allowed: 'the name of a top-level field of the value: no dots, not beginning with $, not _kafka',
};
const DATE_PATH: TextRule = {
  pattern: /^(?!_kafka(?:\.|$))[^$.\s\0][^.\0]*(?:\.[^$.\0]+)*$/,
  allowed: 'a field of the value or a dotted path to one, for instance createdAt or items.soldAt',
};
const DOCUMENT_ID = z
  .union(
    [
      z.enum(['key', 'coordinates']),
      mapping(
        { field: text('A top-level field of the value that holds a scalar.', FIELD) },
        'A field of the value.',
      ),
    ],
    {
      error: 'key, coordinates or { field: <name> }',
    },
  )
  .describe(
    'How _id is made: key (default), coordinates (topic-partition-offset, append-only) or { field: <name> }.',
  );

const TIMESTAMP_ERROR = 'a time in ISO 8601 with zone, for instance 2026-01-31T00:00:00Z';
const TIMESTAMP = z
  .string({ error: TIMESTAMP_ERROR })
  .transform((written, context) => {
    const parsed = z.iso.datetime({ offset: true }).safeParse(written).success ? Date.parse(written) : NaN;
    if (parsed >= 0) return parsed;
    context.addIssue({ code: 'custom', message: TIMESTAMP_ERROR });
    return z.NEVER;
  })
  .describe('The first record at or after this time.');

const START = z
  .union([z.enum(['earliest', 'latest', 'fail']), mapping({ timestamp: TIMESTAMP }, 'A point in time.')], {
    error: 'earliest, latest, fail or { timestamp: <ISO 8601 time> }',
  })
  .describe('Where a group without committed offsets starts. Default: earliest.');

const TOLERATE = z
  .union(
    [
      z.enum(['all', 'none']),
      mapping(
        {
          count: integer(
            { min: 1, max: Number.MAX_SAFE_INTEGER },
            'A run fails with more bad records than this.',
          ).optional(),
          ratio: share(
            'A run fails where more than this share of what it has read of a partition is bad, from 200 records on. ' +
              'Default: 0.2; 1: never.',
          ).optional(),
        },
        'As many as this.',
      ),
    ],
    { error: 'all, none or { count: <number>, ratio: <0 to 1> }' },
  )
  .describe(
    'all (default): bad records are kept as dead letters and the run goes on, unless more than 20 % of a partition are bad; ' +
      'none: the first one fails the run; { count, ratio }: limits of your own.',
  );

const DEAD_LETTERS = mapping(
  {
    collection: text('Default: <collection>.dead_letters.', COLLECTION).optional(),
    tolerate: TOLERATE.optional(),
    expireAfter: duration(
      'How long dead letters are kept; default: for ever. `kafka-drain setup` makes the index that removes them.',
      { min: 60_000, max: 10 * 365 * DAY_MS },
    ).optional(),
  },
  'Records that cannot be decoded or written.',
);

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

export const PIPELINE = mapping(
  {
    topic: text('Kafka topic.', TOPIC),
    group: text('Consumer group; default drain-<name>.', {
      pattern: /^\S{1,249}$/,
      allowed: 'the name of a consumer group: up to 249 characters without blanks',
    }).optional(),
    collection: text('MongoDB collection; default <name>.', COLLECTION).optional(),
    epoch: integer(
      { min: 1, max: 1_000_000 },
      'Raise it by one to accept a break of the log (recreated or truncated topic) once. Default: 1.',
    ).optional(),
    value: oneOf(
      ['json', 'extended-json', 'bson', 'string', 'bytes'],
      "How values are decoded; extended-json is MongoDB's notation of its types. Default: json.",
    ).optional(),
    largeIntegers: oneOf(
      ['reject', 'long', 'decimal', 'string'],
      'What JSON integers beyond 2^53 become; reject (default) makes such records dead letters.',
    ).optional(),
    dates: z
      .array(text('A field of the value, or a dotted path.', DATE_PATH), { error: 'a list of fields' })
      .describe('Fields that become dates: ISO 8601 times with zone, or milliseconds since 1970.')
      .optional(),
    keyFormat: oneOf(
      ['string', 'bytes', 'json'],
      'How keys become document ids, with `documentId: key`. Default: string.',
    ).optional(),
    documentId: DOCUMENT_ID.optional(),
    deletes: oneOf(
      ['soft', 'ignore'],
      'What tombstones do: soft (default) replaces the document by a marker, ignore skips them.',
    ).optional(),
    tombstoneWindow: duration('How long a marker protects against resurrection; default 7d.', {
      min: 1_000,
    }).optional(),
    start: START.optional(),
    until: oneOf(
      ['end-offsets', 'idle'],
      'end-offsets (default): the ends at the start of the run; idle: until nothing arrives for limits.idleTimeout.',
    ).optional(),
    onDataLoss: oneOf(['fail', 'skip'], 'When records expired unread. Default: fail.').optional(),
    deadLetters: DEAD_LETTERS.optional(),
    schedule: SCHEDULE.optional(),
    limits: LIMITS.optional(),
    catchUp: flag(
      'Whether a run that left planned records behind starts the next one at once. Default: true.',
    ).optional(),
  },
  'One topic drained into one collection.',
);

export type FilePipeline = z.output<typeof PIPELINE>;
export type FileSchedule = z.output<typeof SCHEDULE>;
export type FileLimits = z.output<typeof LIMITS>;
