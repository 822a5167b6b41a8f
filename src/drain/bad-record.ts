import { WRITE_REJECTION_CODES, type DeadLetterStage } from '../mongodb/sink.js';

/** Why a record's content can't become a document. Closed, since operators filter dead letters by it. */
const BAD_RECORD_CODES = [
  'DECODING_FAILED',
  'NOT_UTF8',
  'NOT_JSON',
  'NOT_BSON',
  'NOT_AVRO',
  'NOT_PROTOBUF',
  'SCHEMA_ID_MISSING',
  'SCHEMA_UNKNOWN',
  'SCHEMA_UNUSABLE',
  'NOT_AN_OBJECT',
  'NOT_A_DATE',
  'TOO_LARGE',
  'TOO_DEEP',
  'TOO_MANY_KEYS',
  'UNSAFE_INTEGER',
  'NUMBER_OUT_OF_RANGE',
  'LONE_SURROGATE',
  'UNSTORABLE_KEY',
  'TRANSFORM_FAILED',
  'TRANSFORM_RESULT',
  'KILLED_DRAIN',
  'RESERVED_FIELD',
  'ID_MISSING',
  'ID_NOT_SCALAR',
  'ID_MISMATCH',
  'TOMBSTONE_WITHOUT_ID',
  'VERSION_MISSING',
  'VERSION_UNUSABLE',
  'NOT_AN_ENVELOPE',
  'ENVELOPE_UNSUPPORTED',
] as const;
export type BadRecordCode = (typeof BAD_RECORD_CODES)[number];

/** Every code that a dead letter may have; docs/errors.md says what each means. */
export const DEAD_LETTER_CODES: readonly string[] = [
  ...new Set<string>([...BAD_RECORD_CODES, ...WRITE_REJECTION_CODES]),
].sort();

/** An expected outcome, not an exception: bad records are data. The reason never contains record contents. */
export interface BadRecord {
  kind: 'bad';
  stage: DeadLetterStage;
  code: BadRecordCode;
  reason: string;
}

export function bad(stage: DeadLetterStage, code: BadRecordCode, reason: string): BadRecord {
  return { kind: 'bad', stage, code, reason };
}
