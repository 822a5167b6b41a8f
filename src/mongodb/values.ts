/** BSON values from other notations; no type of the driver but BSON values leaves this folder. */
import { Binary, BSON, Decimal128, Double, Int32, Long, ObjectId, Timestamp } from 'mongodb';

/** What an object must have that js-bson takes for a reference. */
const REFERENCE = '$ref';

/**
 * A document's fields, its numbers with the types they had; `null`: it isn't one whole BSON document, or it has a reference that
 * js-bson would write otherwise than it was.
 */
export function fromBson(bytes: Buffer): Record<string, unknown> | null {
  try {
    const fields = BSON.deserialize(bytes, { promoteValues: false, promoteBuffers: false, bsonRegExp: true });
    return bytes.includes(REFERENCE) && !bytes.equals(BSON.serialize(fields)) ? null : fields;
  } catch {
    return null;
  }
}

const BEYOND_INT64 = 2n ** 63n;

/** Whether an integer of BSON can hold it. */
export function isInt64(value: bigint): boolean {
  return value >= -BEYOND_INT64 && value < BEYOND_INT64;
}

/** A sign and 19 digits; reading more takes quadratic time. */
const MOST_INT64_CHARACTERS = 20;

/** An integer literal of JSON as a number of 64 bits; `null`: it has more. */
export function toInt64(literal: string): bigint | null {
  if (literal.length > MOST_INT64_CHARACTERS) return null;
  const value = BigInt(literal);
  return isInt64(value) ? value : null;
}

/** `null`: more than the 34 digits that a decimal has. */
export function toDecimal(digits: string): unknown {
  try {
    return Decimal128.fromString(digits);
  } catch {
    return null;
  }
}

/** 34 digits need 15. */
const MAX_DECIMAL_BYTES = 32;

/** A decimal from big-endian two's complement and the number of digits behind the point; `null`: too many digits. */
export function scaledDecimal(bytes: Buffer, scale: number): unknown {
  if (bytes.length > MAX_DECIMAL_BYTES) return null;
  const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x0${bytes.toString('hex')}`));
  return toDecimal(`${String(unscaled)}E${String(-scale)}`);
}

/** A part of a longer text, so that no two lists of parts are the same text. */
export function withLength(part: string): string {
  return `${String(part.length)}:${part}`;
}

/** Keys of ids that are no texts have a colon here at the latest: `x255:`. */
const LAST_PLACE_OF_COLON = 4;
const COLON = 0x3a;

/** The key of a text among the keys of ids of all kinds: the text itself, but where it might be taken for another kind's. */
export function textKey(text: string): string {
  // `lastIndexOf` takes several times as long
  for (let at = Math.min(text.length - 1, LAST_PLACE_OF_COLON); at >= 0; at -= 1)
    if (text.charCodeAt(at) === COLON) return `s:${text}`;
  return text;
}

/** Whether the text of ASCII that is there is its own key. */
export function isOwnTextKey(bytes: Buffer, from: number, length: number): boolean {
  for (let at = Math.min(length - 1, LAST_PLACE_OF_COLON); at >= 0; at -= 1)
    if (bytes[from + at] === COLON) return false;
  return true;
}

/** A number that stays a double although it is whole: the driver would store it as an integer. */
export function toDouble(value: number): unknown {
  return Number.isInteger(value) ? new Double(value) : value;
}

/** A wrapped number as JavaScript's own, integers of 64 bits as `bigint`; anything else as it is. */
export function unwrapped(value: unknown): unknown {
  if (value instanceof Int32 || value instanceof Double) return value.valueOf();
  // the driver's Timestamp is a Long, too
  return Long.isLong(value) && !(value instanceof Timestamp) ? value.toBigInt() : value;
}

/**
 * Equal exactly where two values of BSON's own are the same `_id`: an ObjectId, a date, bytes by their subtype, a decimal that is
 * written as a whole number, as a 64-bit integer of its value. `null`: a value of another kind.
 */
export function bsonIdKey(value: unknown): string | null {
  if (value instanceof ObjectId) return `o:${value.toHexString()}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : `d:${String(value.getTime())}`;
  if (value instanceof Uint8Array) return `x0:${Buffer.from(value).toString('hex')}`;
  if (value instanceof Binary) return `x${String(value.sub_type)}:${value.toString('hex')}`;
  return value instanceof Decimal128 ? decimalIdKey(value.toString()) : null;
}

function decimalIdKey(digits: string): string | null {
  return /^(?:0|-?[1-9]\d*)$/.test(digits) ? `n:${digits}` : null;
}
