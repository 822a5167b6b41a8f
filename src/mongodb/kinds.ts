/** Which objects the driver stores as what they are. */
import {
  BSON,
  Binary,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
} from 'mongodb';

/** The driver's own, of which each is stored. */
const BSON_TYPES = [ObjectId, Decimal128, Long, Double, Int32, Binary, MinKey, MaxKey] as const;
/** Those that the driver keeps. BSON has no others of JavaScript's. */
const STORED_FLAGS = /^[gim]*$/;
const CLASS_NAME = /^[A-Za-z_$][\w$]{0,59}$/;

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Why an object would be stored as something else, or not at all, without its contents; `null`: what it holds decides. */
export function kindFault(value: object): string | null {
  if ('toBSON' in value && typeof value.toBSON === 'function') return 'an object has a method toBSON';
  if (isPlain(value) || isStored(value)) return null;
  if (value instanceof RegExp) return regExpFault(value);
  return '_bsontype' in value ? bsonFault(value) : `a value is an object of ${classOf(value)}`;
}

/** What an object of BSON's holds beside what it is. */
export function contentsOf(value: object): unknown {
  if (value instanceof Code) return value.scope;
  return value instanceof DBRef ? [value.oid, value.fields] : null;
}

function isStored(value: object): boolean {
  if (Array.isArray(value) || value instanceof Date || value instanceof Uint8Array || value instanceof Map)
    return true;
  return BSON_TYPES.some((type) => value instanceof type);
}

function regExpFault({ flags, source }: RegExp): string | null {
  if (source.includes('\0')) return 'a regular expression contains a NUL character';
  return STORED_FLAGS.test(flags) ? null : 'a regular expression has flags that MongoDB does not store';
}

/** Of the rarer types of the driver, and of types of another copy of it. */
function bsonFault(value: object): string | null {
  try {
    BSON.serialize({ value });
    return null;
  } catch {
    return value instanceof BSON.BSONValue
      ? "a value of BSON's own can't be stored"
      : "a value is of another version of BSON's types: take them from the driver that kafka-drain uses";
  }
}

function classOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } };
  const name = prototype.constructor?.name;
  return typeof name === 'string' && CLASS_NAME.test(name) ? `the class ${name}` : 'a class';
}
