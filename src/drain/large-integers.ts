import type { PipelineSettings } from '../config/settings.js';
import { hasUnsafeInteger, isUnsafeInteger, MARK, markLiterals, type Marking } from '../mongodb/json-text.js';
import { toDecimal, toInt64 } from '../mongodb/values.js';

const UNSAFE_INTEGERS: Marking = {
  literal: /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g,
  isMarked: isUnsafeInteger,
  mayHold: /\d{16}/,
};

type Kept = Exclude<PipelineSettings['largeIntegers'], 'reject'>;

/**
 * What JSON.parse made of a text, with the integers that a double can't hold as 64-bit integers (`bigint`), decimals or texts. As
 * `long`, all integers become 64-bit ones that 32 bits can't hold.
 * @returns `null` where one is too large for what it shall become.
 */
export function keepIntegers(json: string, parsed: unknown, as: Kept): unknown {
  const kept = hasUnsafeInteger(json) ? parseKeepingIntegers(json, as) : parsed;
  return as === 'long' && LONG_DIGITS.test(json) ? widened(kept) : kept;
}

/** No shorter number exceeds 32 bits; texts may have as many digits. An exponent can make such a number of fewer. */
const LONG_DIGITS = /\d{10}|\d[eE]/;

function parseKeepingIntegers(json: string, as: Kept): unknown {
  const misfits: string[] = [];
  const parsed: unknown = JSON.parse(markLiterals(json, UNSAFE_INTEGERS), (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
    const kept = CONVERSIONS[as](value.slice(MARK.length));
    if (kept === null) misfits.push(value);
    return kept;
  });
  return misfits.length === 0 ? parsed : null;
}

/** Objects and arrays are changed in place. */
function widened(value: unknown): unknown {
  if (typeof value === 'number') return isBeyondInt32(value) ? BigInt(value) : value;
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) value[at] = widened(item);
  } else if (typeof value === 'object' && value !== null) {
    widenFields(value as Record<string, unknown>);
  }
  return value;
}

function widenFields(fields: Record<string, unknown>): void {
  for (const name in fields) {
    const field = fields[name];
    if (typeof field === 'number' || typeof field === 'object') {
      const wide = widened(field);
      if (wide !== field) fields[name] = wide;
    }
  }
}

function isBeyondInt32(value: number): boolean {
  return (value >= 2 ** 31 || value < -(2 ** 31)) && Number.isSafeInteger(value);
}

const CONVERSIONS: Record<'long' | 'decimal' | 'string', (digits: string) => unknown> = {
  long: toInt64,
  decimal: toDecimal,
  string: (digits) => digits,
};
