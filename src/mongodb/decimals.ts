/** Decimal numbers in the notation of `Decimal128`, compared without rounding. */

interface Decimal {
  negative: boolean;
  /** Without leading zeros; empty: zero. */
  digits: string;
  /** Of the last digit. */
  exponent: number;
}

/** By value: `1E+3` equals `1000`. Both must be finite. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  const signs = signOf(left) - signOf(right);
  if (signs !== 0) return signs;
  return signOf(left) * compareMagnitudes(left, right);
}

function parse(text: string): Decimal {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  return { negative: sign === '-', digits, exponent: Number(exponent) - fraction.length };
}

function signOf({ negative, digits }: Decimal): number {
  if (digits === '') return 0;
  return negative ? -1 : 1;
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
  const highest = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  if (highest !== 0) return highest;
  const length = Math.max(a.digits.length, b.digits.length);
  const [left, right] = [a.digits.padEnd(length, '0'), b.digits.padEnd(length, '0')];
  return left < right ? -1 : left > right ? 1 : 0;
}
