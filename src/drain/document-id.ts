import type { DocumentIdRule, PipelineSettings } from '../config/settings.js';
import type { KafkaRecord, RecordHeader } from '../kafka/source.js';
import { decimalDigits, objectIdDigits, plainBytesDigits, unwrapped } from '../mongodb/values.js';
import type { Schemas } from '../registry/schemas.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';
import { decodeKey, type DecodedKey } from './decode-key.js';
import { readKeyWith, type KeyFieldRules, type ReadKey } from './key-fields.js';

export type IdOutcome = { kind: 'id'; id: unknown; idKey: string } | BadRecord;

/** How the key of a record is read, whose headers may say by which schema. */
export interface KeyReaders {
  /** As a whole. */
  whole: (key: Buffer, headers: readonly RecordHeader[]) => DecodedKey;
  fields: ReadKey;
}

/** By the pipeline's rules; `null`: no format of it needs a schema registry. */
export function createKeyReaders(
  rules: Omit<KeyFieldRules, 'keyFormat'> & Pick<PipelineSettings, 'documentId'>,
  schemas: Schemas | null,
): KeyReaders {
  const keyFormat = 'format' in rules.documentId ? rules.documentId.format : 'json';
  const keyRules = { ...rules, keyFormat };
  return {
    whole: (key, headers) => decodeKey(keyRules, key, { schemas, headers }),
    fields: readKeyWith(keyRules, schemas),
  };
}

/**
 * Makes a record's `_id`. `idKey` is equal exactly where MongoDB's `_id` index sees the same value: same type class and same
 * bytes, numbers by their numeric value, objects by their fields in their order.
 * @param fields of the value; `null`: a delete that brings none.
 */
export function documentIdOf(
  rule: DocumentIdRule,
  record: KafkaRecord,
  fields: Fields | null,
  epoch: number,
  readers: KeyReaders,
): IdOutcome {
  switch (rule.from) {
    case 'key':
      return idOfKey(record, readers);
    case 'field':
      return fields === null ? withoutValue(rule.field) : idOfField(rule.field, fields, 'the value');
    case 'fields':
      return fields === null
        ? withoutValue(rule.fields.join('", "'))
        : idOfFields(rule.fields, fields, 'the value');
    case 'keyField':
      return withKeyFields(record, readers, (found) => idOfField(rule.field, found, 'the key'));
    case 'keyFields':
      return withKeyFields(record, readers, (found) => idOfFields(rule.fields, found, 'the key'));
    case 'coordinates':
      return stringId(coordinatesOf(record, epoch));
  }
}

/**
 * The `idKey` of a value that stands as an `_id` already; `null`: it can't be one.
 */
export function idKeyOf(id: unknown): string | null {
  const scalar = scalarId(unwrapped(id), '');
  if (scalar.kind === 'id') return scalar.idKey;
  const digits = plainBytesDigits(id);
  if (digits !== null) return bytesKey(digits);
  if (!hasFields(id)) return null;
  const keys = Object.entries(id).map(([name, part]): [string, string | null] => [name, idKeyOf(part)]);
  return keys.some(([, key]) => key === null) ? null : compositeKey(keys);
}

function withoutValue(field: string): BadRecord {
  return bad(
    'id',
    'TOMBSTONE_WITHOUT_ID',
    `a tombstone has no field "${field}" to take the document id from`,
  );
}

/** `orders-3-1042`; from the second epoch on `orders@2-3-1042`. */
function coordinatesOf(record: KafkaRecord, epoch: number): string {
  const topic = epoch > 1 ? `${record.topic}@${String(epoch)}` : record.topic;
  return `${topic}-${String(record.partition)}-${String(record.offset)}`;
}

function idOfKey({ key, headers }: KafkaRecord, { whole }: KeyReaders): IdOutcome {
  if (key === null) return withoutKey();
  const decoded = whole(key, headers);
  if (decoded.kind === 'bad') return decoded;
  const { value } = decoded;
  if (Buffer.isBuffer(value)) return bytesId(value);
  return hasFields(value)
    ? bad(
        'id',
        'ID_NOT_SCALAR',
        'the key is an object: take the id from it with `documentId: { keyField: <name> }`',
      )
    : scalarId(unwrapped(value), 'the key');
}

/** Whether it is an object of fields, not one value of BSON's own. */
function hasFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function bytesId(id: Buffer): IdOutcome {
  return { kind: 'id', id, idKey: bytesKey(id.toString('hex')) };
}

function bytesKey(digits: string): string {
  return `x:${digits}`;
}

function withoutKey(): BadRecord {
  return bad('id', 'ID_MISSING', 'the record has no key to take the document id from');
}

function withKeyFields(
  { key, headers }: KafkaRecord,
  readers: KeyReaders,
  idOf: (fields: Fields) => IdOutcome,
): IdOutcome {
  if (key === null) return withoutKey();
  const found = readers.fields(key, headers);
  return found.kind === 'bad' ? found : idOf(found.fields);
}

type Holder = 'the value' | 'the key';

function idOfField(field: string, fields: Fields, holder: Holder): IdOutcome {
  if (!Object.hasOwn(fields, field)) {
    return bad('id', 'ID_MISSING', `${holder} has no field "${field}" to take the document id from`);
  }
  return scalarId(unwrapped(fields[field]), `the field "${field}"`);
}

/** An object of the fields in their declared order, since objects of another order are other ids. */
function idOfFields(names: readonly string[], fields: Fields, holder: Holder): IdOutcome {
  const parts: [string, unknown][] = [];
  const keys: [string, string][] = [];
  for (const name of names) {
    const part = idOfField(name, fields, holder);
    if (part.kind === 'bad') return part;
    parts.push([name, part.id]);
    keys.push([name, part.idKey]);
  }
  return { kind: 'id', id: Object.fromEntries(parts), idKey: compositeKey(keys) };
}

function compositeKey(keys: readonly (readonly [string, string | null])[]): string {
  return `c:${JSON.stringify(keys)}`;
}

function scalarId(value: unknown, place: string): IdOutcome {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
        ? stringId(value)
        : bad('id', 'LONE_SURROGATE', `${place} holds a lone surrogate, which has no UTF-8 form`);
    case 'number':
      return numberId(value, place);
    case 'bigint':
      return { kind: 'id', id: value, idKey: `n:${String(value)}` };
    case 'boolean':
      return { kind: 'id', id: value, idKey: `b:${String(value)}` };
    default:
      return objectId(value, place);
  }
}

function objectId(value: unknown, place: string): IdOutcome {
  const digits = objectIdDigits(value);
  if (digits !== null) return { kind: 'id', id: value, idKey: `o:${digits}` };
  const whole = decimalDigits(value);
  if (whole !== null) return { kind: 'id', id: value, idKey: `n:${whole}` };
  return value === null
    ? bad('id', 'ID_MISSING', `${place} is null`)
    : bad('id', 'ID_NOT_SCALAR', `${place} is not a string, number, boolean or ObjectId`);
}

function numberId(value: number, place: string): IdOutcome {
  if (!Number.isFinite(value)) {
    return bad('id', 'NUMBER_OUT_OF_RANGE', `${place} is a number beyond the range of a double`);
  }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return bad('id', 'UNSAFE_INTEGER', `${place} is an integer beyond 2^53, which would lose digits`);
  }
  // -0 and 0 are one value to the index, and only one of them may be stored.
  const id = value === 0 ? 0 : value;
  return { kind: 'id', id, idKey: `n:${String(id)}` };
}

function stringId(id: string): IdOutcome {
  return { kind: 'id', id, idKey: `s:${id}` };
}
