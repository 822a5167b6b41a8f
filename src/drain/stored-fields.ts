import type { RawFields } from '../mongodb/json-to-bson.js';
import { behindFirst } from '../mongodb/raw-fields.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Decoded, Fields } from './decode.js';
import { idKeyOf } from './id-values.js';

/** The reserved field that carries a document's version. */
export const VERSION_FIELD = '_kafka';

/** The value's fields without its own `_id`, which must agree with the document id. */
export function storedFields(fields: Fields, idKey: string): Decoded {
  if (Object.hasOwn(fields, VERSION_FIELD)) {
    return bad('id', 'RESERVED_FIELD', `the value brings the reserved field "${VERSION_FIELD}"`);
  }
  if (!Object.hasOwn(fields, '_id')) return { kind: 'fields', fields };
  const { _id, ...rest } = fields;
  return ownIdFault({ _id }, idKey) ?? { kind: 'fields', fields: rest };
}

/** Where a value brings an `_id`, it must be the document id. */
export function ownIdFault(fields: Fields, idKey: string): BadRecord | null {
  if (!Object.hasOwn(fields, '_id') || idKeyOf(fields['_id']) === idKey) return null;
  return bad('id', 'ID_MISMATCH', 'the value brings an "_id" other than the document id');
}

/** The same of fields that weren't parsed: only those from BSON can have one, and it is their first. */
export function withoutId(raw: RawFields, looked: Fields): RawFields {
  return Object.hasOwn(looked, '_id') ? behindFirst(raw) : raw;
}
