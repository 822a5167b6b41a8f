import type { PipelineSettings } from '../config/settings.js';
import { isInt64, toDecimal } from '../mongodb/values.js';
import { endOfString } from './record-limits.js';

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whether a number of the JSON text is an integer that a double can't hold. Outside of its strings only. */
export function hasUnsafeInteger(json: string): boolean {
  return betweenStrings(json).some(({ text, isString }) => !isString && literals(text).some(isUnsafe));
}

/**
 * Parses JSON in which integers that a double can't hold keep their digits: as 64-bit integers (`bigint`), decimals or texts.
 * Node 20 doesn't tell a reviver how a number was written, so these literals become marked strings first.
 * @returns `null` where one is too large for what it shall become.
 */
export function parseKeepingIntegers(
  json: string,
  as: Exclude<PipelineSettings['largeIntegers'], 'reject'>,
): unknown {
  const mark = markNotIn(json);
  const marked = betweenStrings(json)
    .map(({ text, isString }) =>
      isString
        ? text
        : text.replaceAll(NUMBER, (literal) => (isUnsafe(literal) ? `"${mark}${literal}"` : literal)),
    )
    .join('');
  const misfits: string[] = [];
  const parsed: unknown = JSON.parse(marked, (_key, value: unknown) => {
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

function isUnsafe(literal: string): boolean {
  return /^-?\d{16,}$/.test(literal) && !Number.isSafeInteger(Number(literal));
}

function literals(text: string): string[] {
  return [...text.matchAll(NUMBER)].map(([literal]) => literal);
}

function markNotIn(json: string): string {
  let mark = '#';
  while (json.includes(mark)) mark = `#${String(mark.length)}${mark}`;
  return mark;
}

interface Part {
  text: string;
  isString: boolean;
}

/** Cuts valid JSON at its strings. No pattern over whole texts: a long one would overflow the regular expression's stack. */
function betweenStrings(json: string): Part[] {
  const parts: Part[] = [];
  for (let from = 0; from < json.length;) {
    const quote = json.indexOf('"', from);
    if (quote !== from) {
      const end = quote === -1 ? json.length : quote;
      parts.push({ text: json.slice(from, end), isString: false });
      from = end;
    } else {
      const end = endOfString(json, quote + 1) + 1;
      parts.push({ text: json.slice(from, end), isString: true });
      from = end;
    }
  }
  return parts;
}
