/** Keys that are objects: the fields of a document id, for tombstones too. */
import type { PipelineSettings } from '../config/settings.js';
import { fromExtendedJson } from '../mongodb/values.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';
import { hasUnsafeInteger, parseKeepingIntegers } from './large-integers.js';
import { utf8TextOf } from './text.js';

export type KeyRules = Pick<PipelineSettings, 'largeIntegers' | 'envelope'>;
export type KeyFields = { kind: 'fields'; fields: Fields } | BadRecord;
/** How the key of a record is read. */
export type ReadKey = (key: Buffer) => KeyFields;

/** Keys that are JSON objects; in change events perhaps with their schema beside them. */
export function readKeyWith({ largeIntegers, envelope }: KeyRules): ReadKey {
  return (key) => {
    const parsed = parse(key, largeIntegers);
    if (parsed.kind === 'bad') return parsed;
    const { value } = parsed;
    const fields = isObject(value) && envelope === 'debezium' ? withoutSchema(value) : value;
    return isObject(fields)
      ? { kind: 'fields', fields }
      : bad('id', 'NOT_AN_OBJECT', 'the key is not a JSON object, whose fields would be the document id');
  };
}

/** What a double can't hold, and nobody wants kept, is refused where it is used as an id. */
function parse(
  key: Buffer,
  largeIntegers: KeyRules['largeIntegers'],
): { kind: 'value'; value: unknown } | BadRecord {
  const text = utf8TextOf(key);
  if (text === null) return bad('id', 'NOT_UTF8', 'the key is not valid UTF-8');
  try {
    const value = JSON.parse(text) as unknown;
    if (largeIntegers === 'reject' || !hasUnsafeInteger(text)) return { kind: 'value', value };
    const kept = parseKeepingIntegers(text, largeIntegers);
    return kept === null
      ? bad('id', 'UNSAFE_INTEGER', 'the key holds an integer beyond what `largeIntegers` can keep')
      : { kind: 'value', value: kept };
  } catch {
    return bad('id', 'NOT_JSON', 'the key is not valid JSON');
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What Kafka Connect's JSON converter writes with `schemas.enable`: the payload; `null`: it is no object. */
export function withoutSchema(fields: Fields): Fields | null {
  if (!('payload' in fields) || !('schema' in fields)) return fields;
  return isObject(fields['payload']) ? fields['payload'] : null;
}

/** Debezium's connector for MongoDB puts the document's `_id` into the key as a text of extended JSON. */
const MONGODB_ID = 'id';

/** Keys of change events of MongoDB's connector. */
export function readMongodbKey(read: ReadKey): ReadKey {
  return (key) => {
    const found = read(key);
    if (found.kind === 'bad') return found;
    const text = found.fields[MONGODB_ID];
    const id = typeof text === 'string' ? fromExtendedJson(text) : undefined;
    return id === undefined ? found : { kind: 'fields', fields: { ...found.fields, [MONGODB_ID]: id } };
  };
}

/**
 * Whose connector's a tombstone's key is, which nothing but the key can tell: `{"id":"17"}` is the number 17 of MongoDB's
 * connector, or the text "17" of a table.
 */
export function connectorOfKey(read: ReadKey, key: Buffer | null): 'mongodb' | 'relational' | 'ambiguous' {
  const found = key === null ? null : read(key);
  if (found?.kind !== 'fields' || Object.keys(found.fields).join() !== MONGODB_ID) return 'relational';
  const text = found.fields[MONGODB_ID];
  if (typeof text !== 'string' || fromExtendedJson(text) === undefined) return 'relational';
  return text.startsWith('{') || text.startsWith('"') ? 'mongodb' : 'ambiguous';
}
