/** Values that can stand as an `_id`. */
import { bsonIdKey, textKey, unwrapped, withLength } from '../mongodb/values.js';
import { bad, type BadRecord } from './bad-record.js';

/** `idKey` is equal exactly where MongoDB's `_id` index sees the same value. */
export type IdOutcome = { kind: 'id'; id: unknown; idKey: string } | BadRecord;

/** A value that isn't an object of fields. */
export function scalarId(wrapped: unknown, place: string): IdOutcome {
  const value = unwrapped(wrapped);
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
      return bsonId(value, place);
  }
}

/** The same, or an object whose parts are such values, null or objects: as it is, its fields in their order. */
export function valueId(value: unknown, place: string): IdOutcome {
  if (!hasFields(value)) return scalarId(value, place);
  const parts: [string, IdOutcome][] = Object.entries(value).map(([name, part]) => [
    name,
    partId(name, part),
  ]);
  const fault = parts.find(([, part]) => part.kind === 'bad');
  return fault === undefined
    ? compositeId(parts)
    : bad('id', 'ID_NOT_SCALAR', `${place} is an object with a field that can't be part of an id`);
}

/** Names of operators are refused by the server, numbers as names lose their place in JavaScript. */
function partId(name: string, part: unknown): IdOutcome {
  if (/^(?:\$|\d+$)/.test(name)) return bad('id', 'ID_NOT_SCALAR', 'a name that is an operator or a number');
  return part === null ? { kind: 'id', id: null, idKey: 'z:' } : valueId(part, '');
}

/** An object as the id. Its parts must be ids. */
export function compositeId(parts: readonly (readonly [string, IdOutcome])[]): IdOutcome {
  const ids = parts.flatMap(([name, part]) => (part.kind === 'id' ? [{ name, ...part }] : []));
  return {
    kind: 'id',
    id: Object.fromEntries(ids.map(({ name, id }) => [name, id])),
    // with lengths in place of quotes, which would double at every level
    idKey: `c:${ids.map(({ name, idKey }) => withLength(name) + withLength(idKey)).join('')}`,
  };
}

export function stringId(id: string): IdOutcome {
  return { kind: 'id', id, idKey: textKey(id) };
}

/** The `idKey` of a value that stands as an `_id` already; `null`: it can't be one. */
export function idKeyOf(id: unknown): string | null {
  const outcome = valueId(id, '');
  return outcome.kind === 'id' ? outcome.idKey : null;
}

/** Whether it is an object of fields, not one value of BSON's own. */
export function hasFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function bsonId(value: unknown, place: string): IdOutcome {
  if (value === null) return bad('id', 'ID_MISSING', `${place} is null`);
  const idKey = bsonIdKey(value);
  return idKey === null
    ? bad('id', 'ID_NOT_SCALAR', `${place} is not a text, number, boolean, ObjectId, date or bytes`)
    : { kind: 'id', id: value, idKey };
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
