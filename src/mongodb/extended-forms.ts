/** The objects of extended JSON that stand for one value of BSON's. Numbers in them have been read by then. */
import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import { fromIsoDate, MAX_DATE_MS } from './iso-date.js';
import { isPlain } from './kinds.js';
import { isInt64 } from './values.js';

/** Marks of what can't be a value. */
export const MALFORMED = Symbol('malformed');
export const OUT_OF_RANGE = Symbol('out of range');

type Form = Readonly<Record<string, unknown>>;
/** `undefined`: an object like any other, which only looks like a form. */
type ReadForm = (form: Form) => unknown;

const DOUBLE = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?Infinity$|^NaN$/;
/** 34 digits, a sign, a point and an exponent, with room for zeros: to refuse a long text takes js-bson quadratic time. */
const DECIMAL = /^.{1,200}$/;
const UUID_TEXT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By the first name. The other names must be those of the form, and nothing else. */
export const OWN_FORMS: ReadonlyMap<string, ReadForm> = new Map<string, ReadForm>([
  ['$oid', alone((text) => (isText(text, /^[0-9a-f]{24}$/i) ? new ObjectId(text) : MALFORMED))],
  ['$numberInt', alone(int)],
  ['$numberLong', alone(long)],
  ['$numberDouble', alone((text) => (isText(text, DOUBLE) ? new Double(Number(text)) : MALFORMED))],
  ['$numberDecimal', alone((text) => (isText(text, DECIMAL) ? Decimal128.fromString(text) : MALFORMED))],
  ['$date', alone(date)],
  ['$timestamp', alone(timestamp)],
  ['$uuid', alone((text) => (isText(text, UUID_TEXT) ? new BSON.UUID(text) : MALFORMED))],
  ['$symbol', alone((text) => (isText(text) ? new BSONSymbol(text) : MALFORMED))],
  // the driver has no such value: it reads it as null, too
  ['$undefined', alone((value) => (value === true ? null : MALFORMED))],
  ['$minKey', alone((value) => (isOne(value) ? new MinKey() : MALFORMED))],
  ['$maxKey', alone((value) => (isOne(value) ? new MaxKey() : MALFORMED))],
  ['$regularExpression', alone((form) => regExp(form, 'pattern', 'options') ?? MALFORMED)],
  ['$dbPointer', alone(dbPointer)],
  ['$code', code],
  ['$binary', binary],
  ['$type', binary],
  ['$regex', (form) => regExp(form, '$regex', '$options')],
  ['$options', (form) => regExp(form, '$regex', '$options')],
]);

function alone(read: (value: unknown) => unknown): ReadForm {
  return (form) => {
    const [value, ...others] = Object.values(form);
    return others.length === 0 ? read(value) : MALFORMED;
  };
}

function isText(value: unknown, pattern = /^/): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isOne(value: unknown): boolean {
  return value instanceof Int32 && value.valueOf() === 1;
}

function hasNames(value: unknown, first: string, second: string): value is Form {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).length === 2 && first in value && second in value;
}

function int(text: unknown): unknown {
  if (!isText(text, /^[+-]?\d{1,10}$/)) return MALFORMED;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31 ? new Int32(value) : OUT_OF_RANGE;
}

function long(text: unknown): unknown {
  if (!isText(text, /^-?\d{1,30}$/)) return MALFORMED;
  const value = BigInt(text);
  return isInt64(value) ? Long.fromBigInt(value) : OUT_OF_RANGE;
}

/** Milliseconds since 1970 as a number, negative ones too, or ISO 8601. */
function date(value: unknown): unknown {
  if (typeof value === 'string') return fromIsoDate(value) ?? MALFORMED;
  if (!(value instanceof Int32 || Long.isLong(value))) return MALFORMED;
  const milliseconds = Number(value);
  return Math.abs(milliseconds) <= MAX_DATE_MS ? new Date(milliseconds) : OUT_OF_RANGE;
}

function timestamp(value: unknown): unknown {
  if (!hasNames(value, 't', 'i')) return MALFORMED;
  const [t, i] = [uint32(value['t']), uint32(value['i'])];
  return t === null || i === null ? MALFORMED : new Timestamp({ t, i });
}

function uint32(value: unknown): number | null {
  if (!(value instanceof Int32 || Long.isLong(value))) return null;
  const number = Number(value);
  return number >= 0 && number < 2 ** 32 ? number : null;
}

/** `{ base64, subType }`, or beside it `$type`: the older form. */
function binary(form: Form): unknown {
  const held = form['$binary'];
  if (hasNames(held, 'base64', 'subType') && Object.keys(form).length === 1) {
    return bytes(held['base64'], held['subType']) ?? MALFORMED;
  }
  return hasNames(form, '$binary', '$type') ? bytes(held, form['$type']) : undefined;
}

function bytes(base64: unknown, subType: unknown): unknown {
  const type = subTypeOf(subType);
  if (type === null || typeof base64 !== 'string') return undefined;
  const data = Buffer.from(base64, 'base64');
  if (data.toString('base64') !== base64) return MALFORMED;
  return type === Binary.SUBTYPE_UUID && data.length === 16 ? new BSON.UUID(data) : new Binary(data, type);
}

function subTypeOf(value: unknown): number | null {
  if (value instanceof Int32) return value.valueOf() & 0xff;
  return isText(value, /^[0-9a-f]{1,2}$/i) ? Number.parseInt(value, 16) : null;
}

function regExp(form: unknown, pattern: string, options: string): unknown {
  if (!hasNames(form, pattern, options)) return undefined;
  const [source, flags] = [form[pattern], form[options]];
  return isText(source) && isText(flags) ? new BSONRegExp(source, flags) : undefined;
}

function code(form: Form): unknown {
  const { $code: source, $scope: scope } = form;
  if (!isText(source)) return MALFORMED;
  if (Object.keys(form).length === 1) return new Code(source);
  if (!hasNames(form, '$code', '$scope') || typeof scope !== 'object' || scope === null) return MALFORMED;
  return isPlain(scope) ? new Code(source, { ...scope }) : MALFORMED;
}

/** As the driver reads one from BSON: it can't write them any more. */
function dbPointer(value: unknown): unknown {
  if (!hasNames(value, '$ref', '$id')) return MALFORMED;
  const { $ref: collection, $id: id } = value;
  return isText(collection) && id instanceof ObjectId ? new DBRef(collection, id) : MALFORMED;
}
