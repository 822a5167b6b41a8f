/** What people may write about one pipeline. Defaults and their reasons are in `defaults.ts`. */
import { z } from 'zod';
import { flag, integer, mapping, oneOf, text, type TextRule } from './fields.js';
import { COLLECTION_OF_TOPICS, DEAD_LETTERS, RECORD_FIELDS } from './record-schema.js';
import { LIMITS, SCHEDULE } from './schedule-schema.js';

const TOPIC: TextRule = {
  pattern: /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
  allowed: 'the name of a Kafka topic: up to 249 letters, digits, dots, dashes and underscores',
};
const PATTERN_ERROR = 'a regular expression, for instance shop\\.(orders|customers)\\..*';
const PATTERN = z
  .string({ error: PATTERN_ERROR })
  .refine(isPattern, { error: PATTERN_ERROR })
  .describe(
    'All topics whose whole name matches this regular expression, new ones from the next run on; never those that begin ' +
      'with "__".',
  );

function isPattern(written: string): boolean {
  try {
    return written !== '' && new RegExp(written) instanceof RegExp;
  } catch {
    return false;
  }
}

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

export const PIPELINE = mapping(
  {
    topic: text('Kafka topic. Required, unless there are `topics` or a `topicPattern`.', TOPIC).optional(),
    topics: z
      .array(text('Kafka topic.', TOPIC), { error: 'a list of topics' })
      .min(1, { error: 'a list of at least one topic' })
      .describe('Several topics. Where they share a collection, `version: timestamp` is needed.')
      .optional(),
    topicPattern: PATTERN.optional(),
    group: text('Consumer group; default drain-<name>.', {
      pattern: /^\S{1,249}$/,
      allowed: 'the name of a consumer group: up to 249 characters without blanks',
    }).optional(),
    collection: text(
      'MongoDB collection; default <name>. `${topic}` in it stands for the topic: one collection for each.',
      COLLECTION_OF_TOPICS,
    ).optional(),
    epoch: integer(
      { min: 1, max: 1_000_000 },
      'Raise it by one to accept a break of the log (recreated or truncated topic) once. Default: 1.',
    ).optional(),
    ...RECORD_FIELDS,
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
    members: integer(
      { min: 1, max: 16 },
      'How many drains of one run share its partitions, on any workers of the task queue. Default: 1.',
    ).optional(),
  },
  'What is drained, where to, and when.',
);

export type FilePipeline = z.output<typeof PIPELINE>;
