import { randomUUID } from 'node:crypto';

/** JSON as text: what stands outside of its strings, and numbers that `JSON.parse` would change. */

/** `"":0,`: no JSON has more keys than its characters, or its bytes, divided by this. */
export const CHARACTERS_PER_KEY = 5;

/** The place of the closing quote of the JSON string that begins before `from`; the text's end where there is none. */
export function endOfString(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}

/** The stretches of valid JSON outside of its strings. No pattern over whole texts: a long one would overflow its stack. */
function* betweenStrings(json: string): Generator<{ from: number; end: number }> {
  for (let from = 0; from < json.length;) {
    const quote = json.indexOf('"', from);
    const end = quote === -1 ? json.length : quote;
    // nothing that is looked for is shorter; mostly these are colons and commas
    if (end - from > 2) yield { from, end };
    from = quote === -1 ? end : endOfString(json, quote + 1) + 1;
  }
}

/** Whether a number of the JSON text is an integer that a double can't hold. Outside of its strings only. */
export function hasUnsafeInteger(json: string): boolean {
  // hardly any text has as many digits in a row, and to see that costs little
  if (!/\d{16}/.test(json)) return false;
  for (const { from, end } of betweenStrings(json)) {
    for (const [literal] of json.slice(from, end).matchAll(NUMBER)) if (isUnsafeInteger(literal)) return true;
  }
  return false;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whether a literal is an integer that a double can't hold. */
export function isUnsafeInteger(literal: string): boolean {
  return /^-?\d{16,}$/.test(literal) && !Number.isSafeInteger(Number(literal));
}

/**
 * What marked literals begin with. Nobody who writes records can know it, whereas a mark that isn't in the text could still be
 * in its strings once their escapes are read.
 */
export const MARK = `#${randomUUID()}#`;

/** Which literals to mark. */
export interface Marking {
  literal: RegExp;
  isMarked: (literal: string) => boolean;
  /** A quick look whether there may be any in a stretch. */
  mayHold: RegExp;
}

/**
 * The text with some literals outside of its strings as strings that begin with `MARK`, since Node 20 doesn't tell a reviver how a number was written. Where
 * the text isn't JSON, names may be marked, too.
 */
export function markLiterals(json: string, { literal, isMarked, mayHold }: Marking): string {
  const parts: string[] = [];
  let copied = 0;
  for (const { from, end } of betweenStrings(json)) {
    const stretch = json.slice(from, end);
    if (!mayHold.test(stretch)) continue;
    parts.push(
      json.slice(copied, from),
      stretch.replaceAll(literal, (found) => (isMarked(found) ? `"${MARK}${found}"` : found)),
    );
    copied = end;
  }
  return parts.join('') + json.slice(copied);
}
