/** Keys that are objects: the fields of a document id, for tombstones too. */
import type { KeyFormat, PipelineSettings } from '../config/settings.js';
import type { KafkaRecord, RecordHeader } from '../kafka/source.js';
import { fromExtendedJson } from '../mongodb/values.js';
import type { Schemas } from '../registry/schemas.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';
import { decodeKey, type DecodedKey } from './decode-key.js';
import { hasUnsafeInteger, parseKeepingIntegers } from './large-integers.js';
import { jsonShapeFault } from './record-limits.js';
import { utf8TextOf } from './text.js';

export interface KeyRules extends Pick<PipelineSettings, 'largeIntegers' | 'envelope' | 'recordLimits'> {
  keyFormat: KeyFormat;
}

export type KeyFields = { kind: 'fields'; fields: Fields } | BadRecord;
/** How the key of a record is read; its headers may say by which schema. */
export type ReadKey = (key: Buffer, headers: readonly RecordHeader[]) => KeyFields;

/** Keys that are objects, in JSON or by a schema; in change events perhaps with Connect's own schema beside them. */
export function readKeyWith(rules: KeyRules, schemas: Schemas | null = null): ReadKey {
  return (key, headers) => {
    const parsed =
      rules.keyFormat === 'json' ? parse(rules, key) : decodeKey(rules, key, { schemas, headers });
    if (parsed.kind === 'bad') return parsed;
    const { value } = parsed;
    const fields = isObject(value) && rules.envelope === 'debezium' ? withoutSchema(value) : value;
    return isObject(fields)
      ? { kind: 'fields', fields }
      : bad('id', 'NOT_AN_OBJECT', 'the key is not an object, whose fields would be the document id');
  };
}

/** What a double can't hold, and nobody wants kept, is refused where it is used as an id. */
function parse({ largeIntegers, recordLimits }: KeyRules, key: Buffer): DecodedKey {
  const text = utf8TextOf(key);
  if (text === null) return bad('id', 'NOT_UTF8', 'the key is not valid UTF-8');
  const fault = jsonShapeFault(recordLimits, text);
  if (fault !== null) return { ...fault, stage: 'id' };
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
  return (key, headers) => {
    const found = read(key, headers);
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
export function connectorOfKey(
  read: ReadKey,
  { key, headers }: Pick<KafkaRecord, 'key' | 'headers'>,
): 'mongodb' | 'relational' | 'ambiguous' {
  const found = key === null ? null : read(key, headers);
  if (found?.kind !== 'fields' || Object.keys(found.fields).join() !== MONGODB_ID) return 'relational';
  const text = found.fields[MONGODB_ID];
  if (typeof text !== 'string' || fromExtendedJson(text) === undefined) return 'relational';
  return text.startsWith('{') || text.startsWith('"') ? 'mongodb' : 'ambiguous';
}
