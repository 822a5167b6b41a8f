import { RECORD_LIMIT_DEFAULTS } from '../config/defaults.js';
import type { DocumentIdRule, KeyFormat } from '../config/settings.js';
import type { KafkaRecord } from '../kafka/source.js';
import { objectIdDigits, unwrapped } from '../mongodb/values.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';
import { decodeKey, type DecodedKey } from './decode-key.js';

export type IdOutcome = { kind: 'id'; id: unknown; idKey: string } | BadRecord;

/** Decodes the key of a record, whose headers may say by which schema. */
export type KeyDecoder = (format: KeyFormat, key: Buffer, record: KafkaRecord) => DecodedKey;

const decodePlainKey: KeyDecoder = (keyFormat, key) =>
  decodeKey({ keyFormat, recordLimits: RECORD_LIMIT_DEFAULTS }, key);

/**
 * Makes a record's `_id`. `idKey` is equal exactly where MongoDB's `_id` index sees the same value: same type class and same
 * bytes, numbers by their numeric value.
 */
export function documentIdOf(
  rule: DocumentIdRule,
  record: KafkaRecord,
  fields: Fields | null,
  epoch: number,
  decode: KeyDecoder = decodePlainKey,
): IdOutcome {
  switch (rule.from) {
    case 'key':
      return idOfKey(rule.format, record, decode);
    case 'field':
      return fields === null
        ? bad(
            'id',
            'TOMBSTONE_WITHOUT_ID',
            `a tombstone has no field "${rule.field}" to take the document id from`,
          )
        : idOfField(rule.field, fields);
    case 'coordinates':
      return stringId(coordinatesOf(record, epoch));
  }
}

/** `orders-3-1042`; from the second epoch on `orders@2-3-1042`. */
function coordinatesOf(record: KafkaRecord, epoch: number): string {
  const topic = epoch > 1 ? `${record.topic}@${String(epoch)}` : record.topic;
  return `${topic}-${String(record.partition)}-${String(record.offset)}`;
}

function idOfKey(format: KeyFormat, record: KafkaRecord, decode: KeyDecoder): IdOutcome {
  if (record.key === null)
    return bad('id', 'ID_MISSING', 'the record has no key to take the document id from');
  const decoded = decode(format, record.key, record);
  if (decoded.kind === 'bad') return decoded;
  const { value } = decoded;
  return Buffer.isBuffer(value) ? bytesId(value) : scalarId(unwrapped(value), 'the key');
}

function bytesId(id: Buffer): IdOutcome {
  return { kind: 'id', id, idKey: `x:${id.toString('hex')}` };
}

function idOfField(field: string, fields: Fields): IdOutcome {
  if (!Object.hasOwn(fields, field)) {
    return bad('id', 'ID_MISSING', `the value has no field "${field}" to take the document id from`);
  }
  return scalarId(unwrapped(fields[field]), `the field "${field}"`);
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
