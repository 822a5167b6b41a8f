import { ELEMENT, writeInt32, writeInt64, type Writer } from './bson-elements.js';

/** A place in the bytes of a JSON text, and the number that was read last. */
export interface NumberCursor {
  json: Buffer;
  at: number;
  value: number;
  /** What integers of more than 32 bits become, if a double holds them exactly. */
  largeIntegers: 'double' | 'long';
}

const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
/** Of `e` and `E`, with the bit that tells them apart. */
const EXPONENT = 0x65;
const LOWER_CASE = 0x20;

/** A mantissa of so many digits is exact as a double, and so are the powers of ten below. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/**
 * Reads the number that begins at the cursor, to the value that `JSON.parse` makes of it. `false`: there is none, it has no finite
 * value, or it is an integer that a double may not hold.
 */
function readNumber(cursor: NumberCursor): boolean {
  const { json } = cursor;
  const from = cursor.at;
  const isNegative = json[from] === MINUS;
  if (isNegative) cursor.at += 1;
  const wholeFrom = cursor.at;
  cursor.value = 0;
  const digits = readDigits(cursor);
  if (digits === 0 || (digits > 1 && json[wholeFrom] === ZERO)) return false;
  const behind = json[cursor.at] ?? 0;
  if (behind === POINT || isExponent(behind)) return readFraction(cursor, { from, wholeFrom, isNegative });
  // Rounding keeps the order, so what was rounded isn't below the limit.
  if (cursor.value > Number.MAX_SAFE_INTEGER) return false;
  if (isNegative) cursor.value = -cursor.value;
  return true;
}

/** Goes on with the value digit by digit, and returns how many there were. */
function readDigits(cursor: NumberCursor): number {
  const { json } = cursor;
  let { at, value } = cursor;
  for (let digit = json[at] ?? 0; digit >= ZERO && digit <= NINE; digit = json[(at += 1)] ?? 0)
    // in brackets: else the sum would pass 2^53 too early, and be rounded
    value = value * 10 + (digit - ZERO);
  const count = at - cursor.at;
  cursor.at = at;
  cursor.value = value;
  return count;
}

interface Begun {
  /** Where the number begins, and where its digits do. */
  from: number;
  wholeFrom: number;
  isNegative: boolean;
}

/** From the point or the exponent on. */
function readFraction(cursor: NumberCursor, { from, wholeFrom, isNegative }: Begun): boolean {
  const { json } = cursor;
  let decimals = 0;
  if (json[cursor.at] === POINT) {
    cursor.at += 1;
    decimals = readDigits(cursor);
    if (decimals === 0) return false;
  }
  if (isExponent(json[cursor.at] ?? 0) || cursor.at - wholeFrom > EXACT_DIGITS)
    return parseNumber(cursor, from);
  // Both are exact, so that their quotient is rounded once, as it must be (Clinger 1990).
  const value = cursor.value / (POWERS_OF_TEN[decimals] ?? Number.NaN);
  cursor.value = isNegative ? -value : value;
  return true;
}

/** With the exponent that may begin at the cursor; the rest of the number is known to be one. */
function parseNumber(cursor: NumberCursor, from: number): boolean {
  const { json } = cursor;
  if (isExponent(json[cursor.at] ?? 0)) {
    const sign = json[(cursor.at += 1)];
    if (sign === PLUS || sign === MINUS) cursor.at += 1;
    if (readDigits(cursor) === 0) return false;
  }
  cursor.value = Number(json.toString('latin1', from, cursor.at));
  return Number.isFinite(cursor.value);
}

function isExponent(byte: number): boolean {
  return (byte | LOWER_CASE) === EXPONENT;
}

/**
 * The number that begins at the cursor, and its type; 0: `readNumber` refuses it. As the driver does: integers of 32 bits are short ones, everything
 * else is a double, unless larger integers shall be long.
 */
export function writeNumber(cursor: NumberCursor & Writer): number {
  if (!readNumber(cursor)) return 0;
  const { value } = cursor;
  if ((value | 0) === value && !Object.is(value, -0)) {
    writeInt32(cursor, value);
    return ELEMENT.int32;
  }
  if (cursor.largeIntegers === 'long' && Number.isInteger(value) && value !== 0) {
    if (!Number.isSafeInteger(value)) return 0;
    writeInt64(cursor, value);
    return ELEMENT.int64;
  }
  cursor.out.writeDoubleLE(value, cursor.to);
  cursor.to += 8;
  return ELEMENT.double;
}
