/** How much longer BSON is than the JSON that it is made of. */
import type { Writer } from './bson-elements.js';

/** BSON per byte of JSON: `[],` takes up to 12, with the name that BSON gives it, which is its index. */
const GROWTH = 6;
/** Longer values are rarely that dense: they get half as much again as their JSON takes, and those for which that isn't enough try once more. */
const LONG_BYTES = 32 * 1024;
/** No document may have more. */
const MOST_BYTES = 16 * 1024 * 1024;
/**
 * More than a value, and the type and name of the next one, may take beside the bytes that JSON has for them: a number, lengths, the
 * index that is a name. Texts and names aren't longer than in JSON, and documents have one byte at their ends as well.
 */
const ELEMENT_BYTES = 64;

/** Room for what is made of so many bytes of JSON: enough for a short value, and for most of the long ones. */
export function roomFor(bytes: number): number {
  return (bytes > LONG_BYTES ? bytes + (bytes >> 1) : GROWTH * bytes) + ELEMENT_BYTES;
}

/** Room for any value of that length that makes a document. */
export function mostRoomFor(bytes: number): number {
  return Math.min(GROWTH * bytes, MOST_BYTES) + ELEMENT_BYTES;
}

/** Where a value is read, where it is written to, and how far ahead of reading writing may get. */
export interface RoomCursor extends Pick<Writer, 'to'> {
  at: number;
  mostAhead: number;
}

/** How far ahead writing may get so that what is left of a value that ends there fits in the buffer. */
export function furthestAhead(out: Buffer, end: number): number {
  return out.length - end - ELEMENT_BYTES;
}

/** Whether the next value fits, whatever is left behind it: asked before each, so that nothing is written where there is no room. */
export function hasRoom(cursor: RoomCursor): boolean {
  return cursor.to - cursor.at <= cursor.mostAhead;
}
