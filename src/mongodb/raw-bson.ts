import { isUtf8 } from 'node:buffer';
import { hashWith } from '../slots.js';
import { documentOf, ELEMENT, FIXED_BYTES } from './bson-elements.js';
import { MAX_DATE_MS } from './iso-date.js';
import type { RawFields, Transcoder, TranscoderLimits } from './json-to-bson.js';
import { isAscii } from './plain-text.js';
import { addName, createObjectNames, type ObjectNames } from './object-names.js';
import { findFields } from './raw-fields.js';
import { fromBson } from './values.js';

/** An empty document: its length and its end. */
const LEAST_BYTES = 5;
const DOLLAR = 0x24;
const UNDERSCORE = 0x5f;

const OWN_NAMES = ['_id', '_kafka'];
/** What the driver keeps for itself. */
const BSONTYPE = '_bsontype';

interface Cursor {
  bytes: Buffer;
  at: number;
  keysLeft: number;
  maxDepth: number;
  names: ObjectNames;
}

/**
 * Takes values that are BSON already as they are: a parser puts names that are numbers before others, and takes twice as long.
 * Every value is looked through, since one that the server refuses fails the batch around it. Left to the parser is whatever is
 * refused, or is of a type that the driver changes; an `_id` behind other fields; and equal names: MongoDB inserts them, but its
 * updates reach secondaries as differences by name, which hold one value of a name.
 */
export function createBsonPassage({ maxBytes, maxDepth, maxKeys }: TranscoderLimits): Transcoder {
  const names = createObjectNames(maxDepth);
  const toBson = (source: Buffer, from = 0, end = source.length): RawFields | null => {
    if (end - from > maxBytes) return null;
    const bytes = source.subarray(from, end);
    names.count = 0;
    const cursor: Cursor = { bytes, at: 0, keysLeft: maxKeys, maxDepth, names };
    if (!skipDocument(cursor, bytes.length, 1) || cursor.at !== bytes.length) return null;
    return hasOwnNames(bytes) ? { buffer: bytes, from: 4, end: bytes.length - 1 } : null;
  };
  // It writes nothing: its bytes are the fetch's, which are there as long as their batch is handled.
  return { toBson, pick, lease: () => () => undefined };
}

/** The fields of these names as the parser would have read them. */
function pick(raw: RawFields, names: readonly string[]): Readonly<Record<string, unknown>> | null {
  const elements = findFields(raw, names).map(({ from, end }) => raw.buffer.subarray(from, end));
  return elements.length === 0 ? {} : fromBson(documentOf(elements));
}

/** What only the names of the document itself mustn't be: ours, an `_id` elsewhere than first, and an operator where it is stored first. */
function hasOwnNames(bytes: Buffer): boolean {
  const raw = { buffer: bytes, from: 4, end: bytes.length - 1 };
  const [id, ...others] = findFields(raw, OWN_NAMES);
  if (others.length > 0 || (id !== undefined && (id.name !== '_id' || id.from !== raw.from))) return false;
  return bytes[(id?.end ?? raw.from) + 1] !== DOLLAR;
}

/** Up to the document's end; `false`: left to the parser. `limit`: where it must have ended. */
function skipDocument(cursor: Cursor, limit: number, depth: number): boolean {
  const { names } = cursor;
  const namesFrom = names.count;
  const isTaken = skipElements(cursor, limit, depth, (end) => skipName(cursor, end, namesFrom));
  names.count = namesFrom;
  return isTaken;
}

/** The same of an array, whose names are its indexes: others would be changed by whoever reads it. */
function skipArray(cursor: Cursor, limit: number, depth: number): boolean {
  let index = 0;
  return skipElements(cursor, limit, depth, () => skipIndex(cursor, index++));
}

function skipElements(
  cursor: Cursor,
  limit: number,
  depth: number,
  skipNameBefore: (end: number) => boolean,
): boolean {
  const end = endOfDocument(cursor, limit);
  if (end === null || depth > cursor.maxDepth) return false;
  cursor.at += 4;
  while (cursor.at < end - 1) {
    const type = cursor.bytes[cursor.at++] ?? 0;
    if (!skipNameBefore(end - 1) || !skipValue(cursor, type, end - 1, depth)) return false;
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

function skipIndex(cursor: Cursor, index: number): boolean {
  const digits = String(index);
  for (let at = 0; at < digits.length; at += 1)
    if (cursor.bytes[cursor.at++] !== digits.charCodeAt(at)) return false;
  return cursor.bytes[cursor.at++] === 0;
}

function skipName(cursor: Cursor, limit: number, namesFrom: number): boolean {
  const { bytes, at: from, names } = cursor;
  let hash = 0;
  let at = from;
  for (let byte = bytes[at]; byte !== 0; byte = bytes[at]) {
    if (byte === undefined) return false;
    hash = hashWith(hash, byte);
    at += 1;
  }
  cursor.at = at + 1;
  cursor.keysLeft -= 1;
  if (at >= limit || cursor.keysLeft < 0 || !addName(names, namesFrom, hash)) return false;
  if (bytes[from] === UNDERSCORE && bytes.toString('latin1', from, at) === BSONTYPE) return false;
  return isText(bytes, from, at);
}

function skipValue(cursor: Cursor, type: number, limit: number, depth: number): boolean {
  const skipped = SKIPS[type];
  if (skipped !== undefined) return skipped(cursor, limit, depth + 1);
  // the parser makes null of it
  if (type === ELEMENT.undefined) return false;
  cursor.at += FIXED_BYTES.get(type) ?? Infinity;
  return cursor.at <= limit && isKept(cursor, type, depth);
}

/** Of the types that have no one length those that are taken. */
const SKIPS: Readonly<Record<number, (cursor: Cursor, limit: number, depth: number) => boolean>> = {
  [ELEMENT.string]: skipString,
  [ELEMENT.binary]: skipBinary,
  [ELEMENT.object]: skipDocument,
  [ELEMENT.array]: skipArray,
};

/** Whether the value before the cursor is stored as it is. */
function isKept({ bytes, at }: Cursor, type: number, depth: number): boolean {
  if (type === ELEMENT.boolean) return (bytes[at - 1] ?? 0) <= 1;
  if (type === ELEMENT.date) return Math.abs(Number(bytes.readBigInt64LE(at - 8))) <= MAX_DATE_MS;
  // for a field of the document itself the server would put the present time
  return type !== ELEMENT.timestamp || depth > 1 || bytes.readBigInt64LE(at - 8) !== 0n;
}

function skipString(cursor: Cursor, limit: number): boolean {
  const { bytes, at } = cursor;
  if (at + 4 > limit) return false;
  const length = bytes.readInt32LE(at);
  cursor.at += 4 + length;
  if (length < 1 || cursor.at > limit) return false;
  return bytes[cursor.at - 1] === 0 && isText(bytes, at + 4, cursor.at - 1);
}

/** Deprecated bytes have a second length, and the driver looks into vectors. */
const SUBTYPES_LEFT: readonly (number | undefined)[] = [2, 9];

function skipBinary(cursor: Cursor, limit: number): boolean {
  const { bytes, at } = cursor;
  if (at + 5 > limit || SUBTYPES_LEFT.includes(bytes[at + 4])) return false;
  const length = bytes.readInt32LE(at);
  cursor.at += 5 + length;
  return length >= 0 && cursor.at <= limit;
}

/** Up to this length, looking at ASCII one by one costs less than a call of Node's. */
const SHORT_TEXT = 48;

function isText(bytes: Buffer, from: number, end: number): boolean {
  return (end - from <= SHORT_TEXT && isAscii(bytes, from, end)) || isUtf8(bytes.subarray(from, end));
}
