import type { PipelineSettings } from '../config/settings.js';
import { isUnsafeInteger, markLiterals, type Marking } from '../mongodb/json-text.js';
import { isInt64, toDecimal } from '../mongodb/values.js';

const UNSAFE_INTEGERS: Marking = {
  literal: /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g,
  isMarked: isUnsafeInteger,
  mayHold: /\d{16}/,
};

/**
 * Parses JSON in which integers that a double can't hold keep their digits: as 64-bit integers (`bigint`), decimals or texts.
 * @returns `null` where one is too large for what it shall become.
 */
export function parseKeepingIntegers(
  json: string,
  as: Exclude<PipelineSettings['largeIntegers'], 'reject'>,
): unknown {
  const { text, mark } = markLiterals(json, UNSAFE_INTEGERS);
  const misfits: string[] = [];
  const parsed: unknown = JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(mark)) return value;
    const kept = CONVERSIONS[as](value.slice(mark.length));
    if (kept === null) misfits.push(value);
    return kept;
  });
  return misfits.length === 0 ? parsed : null;
}

const CONVERSIONS: Record<'long' | 'decimal' | 'string', (digits: string) => unknown> = {
  long: (digits) => {
    const value = BigInt(digits);
    return isInt64(value) ? value : null;
  },
  decimal: toDecimal,
  string: (digits) => digits,
};
