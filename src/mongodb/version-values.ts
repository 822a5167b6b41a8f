/** Values that a record declares as its version: made comparable, and compared as the server does in the guard. */
import { Decimal128, ObjectId, Timestamp } from 'mongodb';
import { compareDecimals } from './decimals.js';
import type { VersionValue } from './sink.js';
import { isInt64, toDecimal, unwrapped } from './values.js';

/**
 * The form in which a declared version is stored and compared, sharing no object with the value; `null`: of a kind that orders
 * nothing (null, booleans, objects, arrays, bytes, NaN and the infinities). Numbers become 64-bit integers, or decimals where
 * they aren't any: within these two kinds the server compares by exact value, which it doesn't between doubles and decimals.
 */
export function toVersionValue(value: unknown): VersionValue | null {
  // a transform may change the objects that it gets, so these are copies; the driver's Timestamp is a Long, too
  if (value instanceof Timestamp) return new Timestamp(value.toBigInt());
  if (value instanceof ObjectId) return new ObjectId(value.toHexString());
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : new Date(value);
  if (value instanceof Decimal128) return decimalFrom(value.toString());
  return ofPlain(unwrapped(value));
}

function ofPlain(value: unknown): VersionValue | null {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : null;
    case 'bigint':
      return isInt64(value) ? value : decimalFrom(String(value));
    case 'number':
      return Number.isInteger(value) && isInt64(BigInt(value)) ? BigInt(value) : decimalFrom(String(value));
    default:
      return null;
  }
}

/** `null`: infinite, not a number, or of more than 34 digits. */
function decimalFrom(text: string): VersionValue | null {
  return /^-?\d/.test(text) ? (toDecimal(text) as VersionValue | null) : null;
}

type Value = VersionValue | null | undefined;

interface Kind {
  has: (value: unknown) => boolean;
  compare: (a: unknown, b: unknown) => number;
}

function kind<T>(has: (value: unknown) => value is T, compare: (a: T, b: T) => number): Kind {
  return { has, compare: (a, b) => (has(a) && has(b) ? compare(a, b) : 0) };
}

function instances<T>(type: abstract new (...args: never[]) => T, compare: (a: T, b: T) => number): Kind {
  return kind((value): value is T => value instanceof type, compare);
}

/** In the order in which MongoDB sorts them; what is missing counts as null, the lowest. */
const KINDS: readonly Kind[] = [
  kind(
    (value) => value === null || value === undefined,
    () => 0,
  ),
  kind((value) => typeof value === 'bigint' || value instanceof Decimal128, compareNumbers),
  // MongoDB compares texts by their bytes, JavaScript by UTF-16 units
  kind(
    (value) => typeof value === 'string',
    (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)),
  ),
  kind((value): value is readonly VersionValue[] => Array.isArray(value), compareArrays),
  instances(ObjectId, (a, b) => Buffer.compare(a.id, b.id)),
  instances(Date, (a, b) => a.getTime() - b.getTime()),
  instances(Timestamp, (a, b) => a.compare(b)),
];

/** Whether it is of a kind that a version may have. */
export function isVersionValue(value: unknown): value is VersionValue {
  return KINDS.some(({ has }, rank) => rank > 0 && has(value));
}

/** The order of `$lte` in an aggregation. */
export function compareVersionValues(a: Value, b: Value): number {
  const rank = KINDS.findIndex(({ has }) => has(a));
  const ranks = rank - KINDS.findIndex(({ has }) => has(b));
  return ranks === 0 ? (KINDS[rank]?.compare(a, b) ?? 0) : ranks;
}

function compareNumbers(a: bigint | Decimal128, b: bigint | Decimal128): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  return compareDecimals(a.toString(), b.toString());
}

function compareArrays(a: readonly VersionValue[], b: readonly VersionValue[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const order = compareVersionValues(a[at], b[at]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
