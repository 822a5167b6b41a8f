/** Change events of Debezium: what happened to which row or document. Both kinds of connector are told by their shape. */
import type { PipelineSettings } from '../config/settings.js';
import { bad, type BadRecord } from './bad-record.js';
import { decodeValue, isObject, type Decoded, type DecodeRules, type Fields } from './decode.js';
import { withoutSchema, type KeyFields } from './key-fields.js';
import { NO_REGISTRY, type RegistryContext } from './registry-formats.js';

/** What an event says shall be done; `source` describes the place of the change. */
export type Change =
  | { kind: 'upsert'; fields: Fields; source: Fields }
  /** `fields`: the row as it was, as far as the event says. */
  | { kind: 'delete'; fields: Fields | null; source: Fields }
  | { kind: 'skip' }
  | BadRecord;

export type EnvelopeRules = Pick<PipelineSettings, 'value' | 'largeIntegers' | 'recordLimits'>;

/**
 * Decodes a change event. The numbers beside the row (`ts_ns` among them) exceed what a double can hold, which is no fault of
 * the row: `largeIntegers` holds for what is stored. Where they needn't be kept, parsing takes a tenth of the time.
 */
export function decodeChange(
  rules: EnvelopeRules,
  value: Buffer,
  registry: RegistryContext = NO_REGISTRY,
): Change {
  if (rules.largeIntegers !== 'reject') return decodeAs(rules, rules.largeIntegers, value, registry);
  const change = decodeAs(rules, 'round', value, registry);
  const fields = fieldsOf(change);
  if (!holdsLargeInteger(fields)) return change;
  // a whole number may also have been written as floating point, which loses nothing: only the text tells
  const exact = decodeAs(rules, 'string', value, registry);
  return isAsWritten(fields, fieldsOf(exact))
    ? change
    : bad('decode', 'UNSAFE_INTEGER', 'the row holds an integer beyond what `largeIntegers` can keep');
}

function decodeAs(
  rules: EnvelopeRules,
  kept: DecodeRules['largeIntegers'],
  value: Buffer,
  registry: RegistryContext,
): Change {
  const decoded = decodeValue({ ...rules, largeIntegers: kept }, value, registry);
  if (decoded.kind === 'bad') return decoded;
  const event = withoutSchema(decoded.fields);
  return isEvent(event) ? changeOf(rules, event) : notAnEnvelope('no "op" and "source"');
}

interface Event extends Fields {
  op: string;
  source: Fields;
}

function isEvent(fields: Fields | null): fields is Event {
  return fields !== null && typeof fields['op'] === 'string' && isObject(fields['source']);
}

function changeOf(rules: EnvelopeRules, event: Event): Change {
  switch (event.op) {
    case 'c':
    case 'r':
    case 'u':
      return upsertOf(rules, event);
    case 'd':
      return deleteOf(rules, event);
    case 'm':
      // a message that somebody put into the source's log: of no row
      return { kind: 'skip' };
    case 't':
      return bad(
        'decode',
        'ENVELOPE_UNSUPPORTED',
        'the source table was truncated, which no single document can express: empty the collection by hand',
      );
    default:
      return notAnEnvelope('an unknown "op"');
  }
}

function upsertOf(rules: EnvelopeRules, { op, after, source }: Event): Change {
  if (after === undefined || after === null) {
    return isMongodb(source) && op === 'u'
      ? bad(
          'decode',
          'ENVELOPE_UNSUPPORTED',
          'the update does not bring the whole document: set the connector to `capture.mode=change_streams_update_full`',
        )
      : notAnEnvelope('no "after"');
  }
  const row = rowOf(rules, after, source);
  return row.kind === 'bad' ? row : { kind: 'upsert', fields: row.fields, source };
}

function deleteOf(rules: EnvelopeRules, { before, source }: Event): Change {
  if (before === undefined || before === null) return { kind: 'delete', fields: null, source };
  const row = rowOf(rules, before, source);
  return row.kind === 'bad' ? row : { kind: 'delete', fields: row.fields, source };
}

/** MongoDB's connector writes documents as texts of extended JSON, the others write rows as objects. */
function rowOf(rules: EnvelopeRules, row: unknown, source: Fields): Decoded {
  if (isMongodb(source) && typeof row === 'string') {
    return decodeValue({ ...rules, value: 'extended-json' }, Buffer.from(row));
  }
  return isObject(row) ? { kind: 'fields', fields: row } : notAnEnvelope('a row that is no object');
}

export function isMongodb(source: Fields): boolean {
  return source['connector'] === 'mongodb';
}

/** What is known of a document that MongoDB's connector says is deleted: without its former state, the `_id` in the key. */
export function withIdOfKey(before: Fields | null, key: KeyFields | null): Fields | null {
  if (before !== null || key?.kind !== 'fields') return before;
  return { _id: key.fields['id'] };
}

function fieldsOf(change: Change): Fields | null {
  return change.kind === 'upsert' || change.kind === 'delete' ? change.fields : null;
}

/** Whether digits may be lost. Values of BSON's own are as they were written. */
function holdsLargeInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return false;
  return Object.values(value).some(holdsLargeInteger);
}

/** Whether no number of a row is a text in the same row read with integers beyond 2^53 as texts. */
function isAsWritten(rounded: unknown, exact: unknown): boolean {
  if (typeof rounded === 'number') return typeof exact === 'number';
  if (typeof rounded !== 'object' || rounded === null || '_bsontype' in rounded) return true;
  return Object.entries(rounded).every(([name, value]) =>
    isAsWritten(value, (exact as Fields | null)?.[name]),
  );
}

function notAnEnvelope(what: string): BadRecord {
  return bad('decode', 'NOT_AN_ENVELOPE', `the value is not a change event of Debezium: it has ${what}`);
}
