/** How much longer BSON is than the JSON that it is made of. */
import type { Writer } from './bson-elements.js';

/** BSON per byte of JSON: `[],` takes up to 12, with the name that BSON gives it, which is its index. */
const GROWTH = 6;
/** Of long values, which are rarely that dense. */
const LONG_GROWTH = 1.5;
const LONG_BYTES = 32 * 1024;
/**
 * More than a value, and the type and name of the next one, may take beside the bytes that JSON has for them: a number, lengths, the
 * index that is a name. Texts and names aren't longer than in JSON, and documents have one byte at their ends as well.
 */
const ELEMENT_BYTES = 64;

/** Room for what is made of so many bytes of JSON: enough for a short value, and for most of the long ones. */
export function roomFor(bytes: number): number {
  return Math.ceil(bytes * (bytes > LONG_BYTES ? LONG_GROWTH : GROWTH)) + ELEMENT_BYTES;
}

/** Where a value is read, and where it is written to. */
interface Places extends Pick<Writer, 'out' | 'to'> {
  at: number;
  end: number;
}

/** Whether the next value fits, whatever is left behind it: asked before each, so that nothing is written where there is no room. */
export function hasRoom({ out, to, at, end }: Places): boolean {
  return out.length - to >= end - at + ELEMENT_BYTES;
}
