import { isUtf8 } from 'node:buffer';
import { ELEMENT } from './bson-elements.js';
import type { RawFields, Transcoder, TranscoderLimits } from './json-to-bson.js';
import { findFields } from './raw-fields.js';
import { fromBson } from './values.js';

/** Fewer than the server takes; deeper documents are left to the parser. */
const MAX_DEPTH = 100;
/** An empty document: its length and its end. */
const LEAST_BYTES = 5;
const DOLLAR = 0x24;
const UNDERSCORE = 0x5f;

/** What the driver keeps for itself. */
const BSONTYPE = '_bsontype';
/** Of dates, in milliseconds before and after 1970: the driver takes no others. */
const LARGEST_DATE = 8_640_000_000_000_000n;

interface Cursor {
  bytes: Buffer;
  at: number;
  keysLeft: number;
  maxDepth: number;
}

/**
 * Takes values that are BSON already as they are, every byte of them: a parser puts names that are numbers before others, keeps
 * the last of two equal names, and takes twice as long. Every value is looked through, since one that the server refuses
 * fails the batch around it. Whatever is refused, is of a type that the driver changes, or has an `_id` behind other fields is left
 * to the parser.
 */
export function createBsonPassage({ maxBytes, maxDepth, maxKeys }: TranscoderLimits): Transcoder {
  const toBson = (bytes: Buffer): RawFields | null => {
    if (bytes.length > maxBytes || bytes.length < LEAST_BYTES) return null;
    const cursor: Cursor = { bytes, at: 0, keysLeft: maxKeys, maxDepth: Math.min(maxDepth, MAX_DEPTH) };
    if (!skipDocument(cursor, bytes.length, 1, false) || cursor.at !== bytes.length) return null;
    return { bytes, from: 4, end: bytes.length - 1 };
  };
  // It writes nothing: its bytes are the fetch's, which are there as long as their batch is handled.
  return { toBson, pick, lease: () => () => undefined };
}

/** The fields of these names as the parser would have read them. */
function pick(raw: RawFields, names: readonly string[]): Readonly<Record<string, unknown>> | null {
  const found = findFields(raw, names);
  if (found.length === 0) return NOTHING;
  const elements = found.map(({ from, end }) => raw.bytes.subarray(from, end));
  const document = Buffer.concat([Buffer.alloc(4), ...elements, Buffer.of(0)]);
  document.writeInt32LE(document.length);
  return fromBson(document);
}

const NOTHING: Readonly<Record<string, unknown>> = {};

/** Up to the document's end; `false`: left to the parser. `limit`: where it must have ended. */
function skipDocument(cursor: Cursor, limit: number, depth: number, isArray: boolean): boolean {
  const { bytes } = cursor;
  const end = endOfDocument(cursor, limit);
  if (end === null || depth > cursor.maxDepth) return false;
  cursor.at += 4;
  for (let index = 0; cursor.at < end - 1; index += 1) {
    const type = bytes[cursor.at++] ?? 0;
    const isTaken = isArray ? skipIndex(cursor, index) : skipName(cursor, end - 1, depth === 1 ? index : -1);
    if (!isTaken || !skipValue(cursor, type, end - 1, depth)) return false;
  }
  cursor.at += 1;
  return cursor.at === end;
}

/** `null`: the document that begins here has no sound length. */
function endOfDocument({ bytes, at }: Cursor, limit: number): number | null {
  if (at + LEAST_BYTES > limit) return null;
  const end = at + bytes.readInt32LE(at);
  return end >= at + LEAST_BYTES && end <= limit && bytes[end - 1] === 0 ? end : null;
}

/** An array's names are its indexes; others would be changed by whoever reads it. */
function skipIndex(cursor: Cursor, index: number): boolean {
  const digits = String(index);
  for (let at = 0; at < digits.length; at += 1)
    if (cursor.bytes[cursor.at++] !== digits.charCodeAt(at)) return false;
  return cursor.bytes[cursor.at++] === 0;
}

/** @param index of a field of the document itself; -1: further within. */
function skipName(cursor: Cursor, limit: number, index: number): boolean {
  const { bytes, at: from } = cursor;
  const end = bytes.indexOf(0, from);
  if (end === -1 || end >= limit) return false;
  cursor.at = end + 1;
  cursor.keysLeft -= 1;
  if (cursor.keysLeft < 0 || !isText(bytes, from, end)) return false;
  const first = bytes[from];
  if (first === UNDERSCORE) return isUnreserved(bytes.toString('latin1', from, end), index);
  // the first one behind an `_id` may be what is stored first
  return first !== DOLLAR || index < 0 || index > 1;
}

function isUnreserved(name: string, index: number): boolean {
  if (name === BSONTYPE) return false;
  if (index < 0) return true;
  return name === '_id' ? index === 0 : name !== '_kafka';
}

function skipValue(cursor: Cursor, type: number, limit: number, depth: number): boolean {
  const bytes = BYTES_OF[type];
  return bytes === undefined
    ? (SKIPS[type]?.(cursor, limit, depth) ?? false)
    : skip(cursor, bytes, limit) && isKept(cursor, type, depth);
}

/** The types of one length that are taken. */
const BYTES_OF: Readonly<Record<number, number>> = {
  ...{
    [ELEMENT.null]: 0,
    [ELEMENT.minKey]: 0,
    [ELEMENT.maxKey]: 0,
    [ELEMENT.boolean]: 1,
    [ELEMENT.int32]: 4,
  },
  ...{ [ELEMENT.int64]: 8, [ELEMENT.double]: 8, [ELEMENT.date]: 8, [ELEMENT.timestamp]: 8 },
  ...{ [ELEMENT.objectId]: 12, [ELEMENT.decimal]: 16 },
};

/** The others that are taken. */
const SKIPS: Readonly<Record<number, (cursor: Cursor, limit: number, depth: number) => boolean>> = {
  [ELEMENT.string]: skipString,
  [ELEMENT.binary]: skipBinary,
  [ELEMENT.object]: (cursor, limit, depth) => skipDocument(cursor, limit, depth + 1, false),
  [ELEMENT.array]: (cursor, limit, depth) => skipDocument(cursor, limit, depth + 1, true),
};

/** Whether the value before the cursor is stored as it is. */
function isKept({ bytes, at }: Cursor, type: number, depth: number): boolean {
  if (type === ELEMENT.boolean) return (bytes[at - 1] ?? 0) <= 1;
  if (type === ELEMENT.date) return isDate(bytes.readBigInt64LE(at - 8));
  // for a field of the document itself the server would put the present time
  return type !== ELEMENT.timestamp || depth > 1 || bytes.readBigInt64LE(at - 8) !== 0n;
}

function skip(cursor: Cursor, bytes: number, limit: number): boolean {
  cursor.at += bytes;
  return cursor.at <= limit;
}

function isDate(milliseconds: bigint): boolean {
  return milliseconds >= -LARGEST_DATE && milliseconds <= LARGEST_DATE;
}

function skipString(cursor: Cursor, limit: number): boolean {
  const { bytes, at } = cursor;
  if (at + 4 > limit) return false;
  const length = bytes.readInt32LE(at);
  if (length < 1 || !skip(cursor, 4 + length, limit)) return false;
  return bytes[cursor.at - 1] === 0 && isText(bytes, at + 4, cursor.at - 1);
}

/** Deprecated bytes have a second length, and the driver looks into vectors. */
const SUBTYPES_LEFT: readonly (number | undefined)[] = [2, 9];

function skipBinary(cursor: Cursor, limit: number): boolean {
  const { bytes, at } = cursor;
  if (at + 5 > limit || SUBTYPES_LEFT.includes(bytes[at + 4])) return false;
  const length = bytes.readInt32LE(at);
  return length >= 0 && skip(cursor, 5 + length, limit);
}

/** Up to this length, looking at ASCII one by one costs less than a call of Node's. */
const SHORT_TEXT = 48;

function isText(bytes: Buffer, from: number, end: number): boolean {
  if (end - from > SHORT_TEXT) return isUtf8(bytes.subarray(from, end));
  for (let at = from; at < end; at += 1)
    if ((bytes[at] ?? 0) > 0x7f) return isUtf8(bytes.subarray(from, end));
  return true;
}
