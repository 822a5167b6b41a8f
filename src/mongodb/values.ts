/** BSON values from other notations; no type of the driver but BSON values leaves this folder. */
import { Binary, BSON, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb';

/** A document's fields, its numbers with the types they had; `null`: it isn't one whole BSON document. */
export function fromBson(bytes: Buffer): Record<string, unknown> | null {
  try {
    return BSON.deserialize(bytes, { promoteValues: false, promoteBuffers: false });
  } catch {
    return null;
  }
}

const BEYOND_INT64 = 2n ** 63n;

/** Whether an integer of BSON can hold it. */
export function isInt64(value: bigint): boolean {
  return value >= -BEYOND_INT64 && value < BEYOND_INT64;
}

/** `null`: more than the 34 digits that a decimal has. */
export function toDecimal(digits: string): unknown {
  try {
    return Decimal128.fromString(digits);
  } catch {
    return null;
  }
}

/** A number that stays a double although it is whole: the driver would store it as an integer. */
export function toDouble(value: number): unknown {
  return Number.isInteger(value) ? new Double(value) : value;
}

/** A wrapped number as JavaScript's own, integers of 64 bits as `bigint`; anything else as it is. */
export function unwrapped(value: unknown): unknown {
  if (value instanceof Int32 || value instanceof Double) return value.valueOf();
  return Long.isLong(value) ? value.toBigInt() : value;
}

/** The 24 hexadecimal digits of an `ObjectId`; `null`: it isn't one. */
export function objectIdDigits(value: unknown): string | null {
  return value instanceof ObjectId ? value.toHexString() : null;
}

/** The bytes of a binary value without a subtype of its own, as hexadecimal digits; `null`: it isn't one. */
export function plainBytesDigits(value: unknown): string | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value instanceof Binary && value.sub_type === Binary.SUBTYPE_DEFAULT ? value.toString('hex') : null;
}

/** The digits of a decimal that is written as a whole number, as a 64-bit integer's would be; `null`: it isn't one. */
export function decimalDigits(value: unknown): string | null {
  if (!(value instanceof Decimal128)) return null;
  const text = value.toString();
  return /^(?:0|-?[1-9]\d*)$/.test(text) ? text : null;
}
