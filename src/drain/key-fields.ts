/** Keys that are objects: the fields of a document id, for tombstones too. */
import type { PipelineSettings } from '../config/settings.js';
import type { KafkaRecord } from '../kafka/source.js';
import { fromExtendedJson } from '../mongodb/extended-json.js';
import type { Headers } from '../registry/framing.js';
import type { Schemas } from '../registry/schemas.js';
import { bad, type BadRecord } from './bad-record.js';
import { isWithSchema, payloadOf } from './connect-schema.js';
import { isObject, type Fields } from './decode.js';
import { decodeKey, type DecodedKey, type KeyRules } from './decode-key.js';
import type { RegistryContext } from './registry-formats.js';

export type KeyFieldRules = KeyRules & Pick<PipelineSettings, 'envelope'>;

export type KeyFields = { kind: 'fields'; fields: Fields } | BadRecord;
/** How the key of a record is read, whose headers may say by which schema. */
export type ReadKey = (key: Buffer, record: Headers) => KeyFields;

/** A key, as Kafka Connect's schema beside it says where there is one. */
export function readKey(rules: KeyFieldRules, key: Buffer, registry: RegistryContext): DecodedKey {
  const parsed = decodeKey(rules, key, registry);
  if (parsed.kind === 'bad' || rules.envelope !== 'connect' || !isWithSchema(parsed.value)) return parsed;
  return payloadOf('key', parsed.value, rules.recordLimits);
}

/** Keys that are objects, in JSON or by a schema; in change events perhaps with Connect's own schema beside them. */
export function readKeyWith(rules: KeyFieldRules, schemas: Schemas | null = null): ReadKey {
  return (key, record) => {
    const parsed = readKey(rules, key, { schemas, record });
    if (parsed.kind === 'bad') return parsed;
    const { value } = parsed;
    const fields = isObject(value) && rules.envelope === 'debezium' ? withoutSchema(value) : value;
    return isObject(fields)
      ? { kind: 'fields', fields }
      : bad('id', 'NOT_AN_OBJECT', 'the key is not an object, whose fields would be the document id');
  };
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
  return (key, record) => {
    const found = read(key, record);
    if (found.kind === 'bad') return found;
    const text = found.fields[MONGODB_ID];
    const id = typeof text === 'string' ? fromExtendedJson(text) : undefined;
    return id === undefined ? found : { kind: 'fields', fields: { ...found.fields, [MONGODB_ID]: id } };
  };
}

/** How extended JSON writes a value of BSON's own, such as an ObjectId. */
const OWN_NOTATION = /^\{\s*"\$/;

/**
 * Whose connector's a tombstone's key is, which nothing but the key can tell: `{"id":"17"}` is the number 17 of MongoDB's
 * connector, or the text `17` of a table; `{"id":"\"a\""}` is the text `a` of the one, or a text with quotes of the other.
 */
export function connectorOfKey(
  read: ReadKey,
  record: Pick<KafkaRecord, 'key' | 'headers'>,
): 'mongodb' | 'relational' | 'ambiguous' {
  const { key } = record;
  const found = key === null ? null : read(key, record);
  if (found?.kind !== 'fields' || Object.keys(found.fields).join() !== MONGODB_ID) return 'relational';
  const text = found.fields[MONGODB_ID];
  if (typeof text !== 'string' || fromExtendedJson(text) === undefined) return 'relational';
  return OWN_NOTATION.test(text) ? 'mongodb' : 'ambiguous';
}
