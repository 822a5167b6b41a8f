/** A place in the bytes of a JSON text, and the number that was read last. */
export interface NumberCursor {
  json: Buffer;
  at: number;
  value: number;
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
export function readNumber(cursor: NumberCursor): boolean {
  const { json } = cursor;
  const from = cursor.at;
  let at = from;
  const isNegative = json[at] === MINUS;
  if (isNegative) at += 1;
  const digitsFrom = at;
  let value = 0;
  let digit = json[at] ?? 0;
  for (; digit >= ZERO && digit <= NINE; digit = json[(at += 1)] ?? 0) value = value * 10 + digit - ZERO;
  const digits = at - digitsFrom;
  if (digits === 0 || (digits > 1 && json[digitsFrom] === ZERO)) return false;
  if (digit === POINT || (digit | LOWER_CASE) === EXPONENT) {
    cursor.at = at;
    return readFraction(cursor, { from, digitsFrom, whole: value, isNegative });
  }
  cursor.at = at;
  cursor.value = isNegative ? -value : value;
  // Rounding keeps the order, so what was rounded isn't below the limit.
  return value <= Number.MAX_SAFE_INTEGER;
}

interface Begun {
  from: number;
  digitsFrom: number;
  /** What the digits before the point say. */
  whole: number;
  isNegative: boolean;
}

/** From the point or the exponent on. */
function readFraction(cursor: NumberCursor, { from, digitsFrom, whole, isNegative }: Begun): boolean {
  const { json } = cursor;
  let { at } = cursor;
  let mantissa = whole;
  let decimals = 0;
  if (json[at] === POINT) {
    at += 1;
    let digit = json[at] ?? 0;
    for (; digit >= ZERO && digit <= NINE; digit = json[(at += 1)] ?? 0) {
      mantissa = mantissa * 10 + digit - ZERO;
      decimals += 1;
    }
    if (decimals === 0) return false;
    if ((digit | LOWER_CASE) !== EXPONENT && at - digitsFrom <= EXACT_DIGITS) {
      // Both are exact, so that their quotient is rounded once, as it must be (Clinger 1990).
      const value = mantissa / (POWERS_OF_TEN[decimals] ?? Number.NaN);
      cursor.value = isNegative ? -value : value;
      cursor.at = at;
      return true;
    }
  }
  const end = endOfExponent(json, at);
  if (end === -1) return false;
  cursor.value = Number(json.toString('latin1', from, end));
  cursor.at = end;
  return Number.isFinite(cursor.value);
}

/** Behind the exponent that begins here, if one does; -1: it has no digits. */
function endOfExponent(json: Buffer, from: number): number {
  if (((json[from] ?? 0) | LOWER_CASE) !== EXPONENT) return from;
  let at = from + 1;
  if (json[at] === PLUS || json[at] === MINUS) at += 1;
  const digitsFrom = at;
  for (let digit = json[at] ?? 0; digit >= ZERO && digit <= NINE; digit = json[(at += 1)] ?? 0);
  return at === digitsFrom ? -1 : at;
}
