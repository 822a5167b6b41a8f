/** What people may write about the records of a pipeline: how they are read, and what becomes of them. */
import { z } from 'zod';
import { DAY_MS, RECORD_LIMIT_DEFAULTS } from './defaults.js';
import { duration, integer, mapping, oneOf, share, text, type TextRule } from './fields.js';
import { REGISTRY_FORMATS } from './settings.js';

export const COLLECTION: TextRule = {
  pattern: /^(?!system\.)[^$\s\0.][^$\s\0]{0,199}$/,
  allowed:
    'the name of a MongoDB collection: up to 200 characters, no $, no blanks, not beginning with "system." or a dot',
};
/** The same, with `${topic}` in it. */
export const COLLECTION_OF_TOPICS: TextRule = {
  pattern: /^(?!system\.)(?=.{1,200}$)(?:\$\{topic\}|[^$\s\0.])(?:\$\{topic\}|[^$\s\0])*$/,
  allowed: `${COLLECTION.allowed}; \${topic} may stand for the topic`,
};
const FIELD: TextRule = {
  pattern: /^(?!_kafka$)[^$.\s\0][^.\0]*$/,
  allowed: 'the name of a top-level field of the value: no dots, not beginning with $, not _kafka',
};
const DATE_PATH: TextRule = {
  pattern: /^(?!_kafka(?:\.|$))[^$.\s\0][^.\0]*(?:\.[^$.\0]+)*$/,
  allowed: 'a field of the value or a dotted path to one, for instance createdAt or items.soldAt',
};
const TRANSFORM: TextRule = {
  pattern: /\.[cm]?[jt]s$/,
  allowed: 'the path of a JavaScript or TypeScript module, for instance ./transforms/orders.js',
};
// such names come first in any JavaScript object, whatever the order of the list
const PART: TextRule = {
  pattern: /^(?!_kafka$)[^$.\s\0\d][^.\0]*$/,
  allowed: 'the name of a top-level field: no dots, not beginning with $ or a digit, not _kafka',
};
const parts = (description: string) =>
  z
    .array(text('A top-level field that holds a scalar.', PART), { error: 'a list of fields' })
    .min(1, { error: 'a list of at least one field' })
    .refine((fields) => new Set(fields).size === fields.length, { error: 'a list of different fields' })
    .describe(description)
    .optional();

const ID_FIELDS = {
  field: text('A top-level field of the value that holds a scalar.', FIELD).optional(),
  fields: parts('Fields of the value: _id is an object of them, in this order; of one, too: { x: … }.'),
  keyField: text(
    'A top-level field of the key (an object in JSON, or by keyFormat) that holds a scalar.',
    FIELD,
  ).optional(),
  keyFields: parts(
    'Fields of the key (an object in JSON, or by keyFormat): _id is an object of them, in this order; of one, too: { x: … }.',
  ),
};
const ID_FORMS = 'key, coordinates or a mapping with one of field, fields, keyField, keyFields';
const DOCUMENT_ID = z
  .union(
    [
      z.enum(['key', 'coordinates']),
      mapping(ID_FIELDS, 'Fields of the value or of the key; one of the four.').refine(
        (written) => Object.keys(written).length === 1,
        { error: ID_FORMS },
      ),
    ],
    { error: ID_FORMS },
  )
  .describe(
    'How _id is made: key (default), coordinates (topic-partition-offset, append-only), or fields of the value or the key.',
  );

const VERSION = z
  .union(
    [
      z.enum(['offset', 'timestamp', 'source']),
      mapping({ field: text('A top-level field of the value.', FIELD) }, 'A field of the value.'),
    ],
    { error: 'offset, timestamp, source or { field: <name> }' },
  )
  .describe(
    'What decides which of two records of one id is newer: offset (default), timestamp (the record’s), { field: <name> } ' +
      'of the value, or source (with a Debezium envelope: the place of the change in the source database’s log).',
  );

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

export const DEAD_LETTERS = mapping(
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

const RECORD_LIMITS = mapping(
  {
    maxBytes: integer(
      { min: 1, max: 256 * 1024 * 1024 },
      'Bytes of a value. Default: 16777216 (16 MiB).',
    ).optional(),
    maxDepth: integer(
      { min: 1, max: RECORD_LIMIT_DEFAULTS.maxDepth },
      'Levels of objects and arrays, the value itself being the first. Default: 100.',
    ).optional(),
    maxKeys: integer(
      { min: 1, max: 10_000_000 },
      'Keys of all objects of a value together. Default: 100000.',
    ).optional(),
  },
  'A record beyond one of these is a dead letter; checked before its value is parsed.',
);

/** The keys of a pipeline about its records. */
export const RECORD_FIELDS = {
  value: oneOf(
    ['json', 'extended-json', 'bson', 'string', 'bytes', ...REGISTRY_FORMATS],
    "How values are decoded; extended-json is MongoDB's notation of its types; avro, protobuf and json-schema need schemaRegistry. Default: json.",
  ).optional(),
  largeIntegers: oneOf(
    ['reject', 'long', 'decimal', 'string'],
    'What JSON integers beyond 2^53 become, in values and in keys; reject (default) makes such records dead letters.',
  ).optional(),
  dates: z
    .array(text('A field of the value, or a dotted path.', DATE_PATH), { error: 'a list of fields' })
    .describe('Fields that become dates: ISO 8601 times with zone, or milliseconds since 1970.')
    .optional(),
  transform: text(
    "A module with the pipeline's own step between decoding and document id, relative to this file; see docs/transforms.md.",
    TRANSFORM,
  ).optional(),
  recordLimits: RECORD_LIMITS.optional(),
  keyFormat: oneOf(
    ['string', 'bytes', 'json', ...REGISTRY_FORMATS],
    'How keys are read, with `documentId: key` (default: string), and `{ keyField }` or `{ keyFields }` (default: json).',
  ).optional(),
  envelope: oneOf(
    ['none', 'debezium', 'connect'],
    'What a value is wrapped in; debezium: change events of a database, unwrapped to the row or document; connect: the schema ' +
      'that Kafka Connect’s JSON converter writes with schemas.enable, whose types are used, in keys of JSON too. Default: none.',
  ).optional(),
  documentId: DOCUMENT_ID.optional(),
  version: VERSION.optional(),
  deletes: oneOf(
    ['soft', 'hard', 'ignore'],
    'What tombstones and delete events do: soft (default) replaces the document by a marker, hard removes it, ignore skips them.',
  ).optional(),
  tombstoneWindow: duration('How long a marker protects against resurrection; default 7d.', {
    min: 1_000,
  }).optional(),
};
