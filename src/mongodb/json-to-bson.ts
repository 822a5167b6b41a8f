import { isUtf8 } from 'node:buffer';
import { hashWith } from '../slots.js';
import { beginDocument, ELEMENT, endDocument, putInt32, writeIndexName } from './bson-elements.js';
import type { Writer } from './bson-elements.js';
import { writeEscape } from './json-escape.js';
import { writeNumber, type NumberCursor } from './json-number.js';
import { furthestAhead, hasRoom, mostRoomFor, roomFor, type RoomCursor } from './json-room.js';
import { addName, createObjectNames, type ObjectNames } from './object-names.js';
import { copyPlainText, type TextLimits } from './plain-text.js';
import { isText } from './places.js';
import { pickFields } from './raw-fields.js';
import { createSlabs } from './slabs.js';

/** The elements of a document as BSON, without its length before them and its end behind them: a stretch of a larger buffer. */
export interface RawFields {
  buffer: Buffer;
  from: number;
  end: number;
}

/** Values to BSON. */
export interface Transcoder {
  /** The value is a stretch of these bytes, all of them unless told. `null`: left to the parser. */
  toBson: (bytes: Buffer, from?: number, end?: number) => RawFields | null;
  /** Some fields of what was transcoded, as the parser would have read them; `null`: left to the parser. */
  pick: (raw: RawFields, names: readonly string[]) => Readonly<Record<string, unknown>> | null;
  /** What is transcoded until the returned function is called is valid until then; without a lease, as long as anybody holds it. */
  lease: () => () => void;
}

/** As `recordLimits` of the configuration. */
export interface TranscoderLimits {
  maxBytes: number;
  maxDepth: number;
  maxKeys: number;
}

/** Longer ones would need buffers that are worth it for nobody: by default no broker takes more than 1 MB. */
const MAX_JSON_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 48;
const SLAB_BYTES = 1024 * 1024;

const SPACE = 0x20;
const QUOTE = 0x22;
const DOLLAR = 0x24;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const UNDERSCORE = 0x5f;
const LETTERS = 0x61;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Names that we, the driver or JavaScript treat in a way of their own. */
const RESERVED = new Set(['_id', '_kafka', '_bsontype', '__proto__']);

interface Cursor extends NumberCursor, Writer, TextLimits, RoomCursor {
  /** The value's first byte, in a buffer that may hold others before and behind it. */
  from: number;
  names: ObjectNames;
  maxDepth: number;
  /** How many more names the value may have; below 0: it has too many. */
  keysLeft: number;
}

/**
 * Builds the transcoder of JSON's bytes to BSON's, without an object in between: a third of the time that it takes to parse, check
 * and serialise one. It takes what is usual, and leaves whatever is refused, changed or ordered anew to the parser: what it
 * returns is what the driver would make of the parsed text, byte for byte.
 * @param largeIntegers `double`: as in JavaScript; those that no double holds are left to the parser.
 */
export function createTranscoder(
  { maxBytes, maxDepth, maxKeys }: TranscoderLimits,
  { largeIntegers }: Pick<Cursor, 'largeIntegers'>,
): Transcoder {
  const longest = Math.min(MAX_JSON_BYTES, maxBytes);
  const cursor: Cursor = {
    json: Buffer.alloc(0),
    ...{ from: 0, at: 0, end: 0, isWide: false },
    value: 0,
    out: Buffer.alloc(0),
    to: 0,
    mostAhead: 0,
    names: createObjectNames(MAX_DEPTH),
    maxDepth: Math.min(maxDepth, MAX_DEPTH),
    keysLeft: maxKeys,
    largeIntegers,
  };
  const slabs = createSlabs(SLAB_BYTES);
  let isFull = false;
  const transcode = (json: Buffer, from: number, end: number, room: number): RawFields | null => {
    if (cursor.out.length - cursor.to < room) {
      cursor.out = slabs.next(room);
      cursor.to = 0;
    }
    const bsonFrom = cursor.to;
    cursor.json = json;
    cursor.from = from;
    cursor.at = from;
    cursor.end = end;
    cursor.mostAhead = furthestAhead(cursor.out, end);
    cursor.isWide = false;
    cursor.names.count = 0;
    cursor.keysLeft = maxKeys;
    const isWhole = next(cursor) === OPEN_OBJECT && writeFields(cursor, 1) && next(cursor) === undefined;
    if (isWhole && cursor.keysLeft >= 0) return { buffer: cursor.out, from: bsonFrom, end: cursor.to };
    isFull = !hasRoom(cursor);
    cursor.to = bsonFrom;
    return null;
  };
  const toBson = (json: Buffer, from = 0, end = json.length): RawFields | null => {
    const bytes = end - from;
    if (bytes > longest) return null;
    const fields = transcode(json, from, end, roomFor(bytes));
    return fields === null && isFull ? transcode(json, from, end, mostRoomFor(bytes)) : fields;
  };
  return { toBson, pick: pickFields, lease: slabs.lease };
}

/** Whether a value that isn't ASCII is UTF-8: all of it is looked at, once. */
function checkUtf8(cursor: Cursor): boolean {
  cursor.isWide ||= isUtf8(cursor.json.subarray(cursor.from, cursor.end));
  return cursor.isWide;
}

/**
 * The next byte that isn't white space, and the cursor behind it; `undefined`: there is none. Numbers and escapes may look at
 * bytes behind the value's end: whoever did ends here, since every value ends with a bracket that is read here.
 */
function next(cursor: Cursor): number | undefined {
  const { json } = cursor;
  for (;;) {
    if (cursor.at >= cursor.end) return undefined;
    const byte = json[cursor.at++];
    if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
  }
}

/** The elements of the object whose bracket was read; `false`: left to the parser. */
function writeFields(cursor: Cursor, depth: number): boolean {
  if (depth > cursor.maxDepth) return false;
  const namesFrom = cursor.names.count;
  let byte = next(cursor);
  if (byte === CLOSE_OBJECT) return true;
  for (;;) {
    const typeAt = cursor.to++;
    if (byte !== QUOTE || !writeFieldName(cursor, namesFrom, depth)) return false;
    if (next(cursor) !== COLON) return false;
    const type = writeValue(cursor, next(cursor), depth);
    if (type === 0) return false;
    cursor.out[typeAt] = type;
    byte = next(cursor);
    if (byte === CLOSE_OBJECT) break;
    if (byte !== COMMA) return false;
    byte = next(cursor);
  }
  cursor.names.count = namesFrom;
  return true;
}

/** Up to the quote that ends it; names with escapes are left to the parser. */
function writeFieldName(cursor: Cursor, namesFrom: number, depth: number): boolean {
  const { json, out, end } = cursor;
  const from = cursor.to;
  let { at, to } = cursor;
  let hash = 0;
  let bits = 0;
  for (let byte = json[at]; byte !== QUOTE; byte = json[at]) {
    if (at >= end || byte === undefined || byte < SPACE || byte === BACKSLASH) return false;
    hash = hashWith(hash, byte);
    bits |= byte;
    out[to++] = byte;
    at += 1;
  }
  out[to] = 0;
  cursor.at = at + 1;
  cursor.to = to + 1;
  cursor.keysLeft -= 1;
  if (bits > 0x7f && !checkUtf8(cursor)) return false;
  const isFirst = depth === 1 && cursor.names.count === namesFrom;
  // of equal names the parser keeps the last value
  return isPlainName(out, from, to, isFirst) && addName(cursor.names, namesFrom, hash);
}

/** Neither one that JavaScript puts before others (`"1"`), nor a reserved one, nor what looks like an operator. */
function isPlainName(out: Buffer, from: number, to: number, isFirst: boolean): boolean {
  const first = out[from] ?? 0;
  if (first >= ZERO && first <= NINE) return false;
  if (first === UNDERSCORE) return !RESERVED.has(out.toString('latin1', from, to));
  return first !== DOLLAR || !isFirst;
}

/** The value that begins with the byte that was read; its type, or 0: left to the parser. */
function writeValue(cursor: Cursor, first: number | undefined, depth: number): number {
  if (!hasRoom(cursor)) return 0;
  switch (first) {
    case QUOTE:
      return writeText(cursor) ? ELEMENT.string : 0;
    case OPEN_OBJECT:
      return writeNested(cursor, writeFields, depth + 1) ? ELEMENT.object : 0;
    case OPEN_ARRAY:
      return writeNested(cursor, writeItems, depth + 1) ? ELEMENT.array : 0;
    default:
      cursor.at -= 1;
      return first !== undefined && first >= LETTERS ? writeLiteral(cursor) : writeNumber(cursor);
  }
}

function writeLiteral(cursor: Cursor): number {
  if (isNext(cursor, 'null')) return ELEMENT.null;
  const isTrue = isNext(cursor, 'true');
  if (!isTrue && !isNext(cursor, 'false')) return 0;
  cursor.out[cursor.to++] = isTrue ? 1 : 0;
  return ELEMENT.boolean;
}

function writeNested(cursor: Cursor, write: typeof writeFields, depth: number): boolean {
  const lengthAt = beginDocument(cursor);
  if (!write(cursor, depth)) return false;
  endDocument(cursor, lengthAt);
  return true;
}

function writeItems(cursor: Cursor, depth: number): boolean {
  if (depth > cursor.maxDepth) return false;
  let byte = next(cursor);
  if (byte === CLOSE_ARRAY) return true;
  for (let index = 0; ; index += 1) {
    const typeAt = cursor.to++;
    writeIndexName(cursor, index);
    const type = writeValue(cursor, byte, depth);
    if (type === 0) return false;
    cursor.out[typeAt] = type;
    byte = next(cursor);
    if (byte === CLOSE_ARRAY) return true;
    if (byte !== COMMA) return false;
    byte = next(cursor);
  }
}

/** The text whose quote was read. */
function writeText(cursor: Cursor): boolean {
  const { json, out } = cursor;
  const lengthAt = cursor.to;
  cursor.to += 4;
  for (;;) {
    const end = copyPlainText(json, cursor.at, cursor, out, cursor.to);
    cursor.to += end - cursor.at;
    cursor.at = end + 1;
    if (end >= cursor.end) return false;
    const byte = json[end] ?? 0;
    if (byte === QUOTE) break;
    if (byte > 0x7f) {
      if (!checkUtf8(cursor)) return false;
      cursor.at = end;
    } else if (byte !== BACKSLASH || !writeEscape(cursor)) return false;
  }
  out[cursor.to++] = 0;
  putInt32(out, lengthAt, cursor.to - lengthAt - 4);
  return true;
}

function isNext(cursor: Cursor, text: string): boolean {
  const { json, at } = cursor;
  if (at + text.length > cursor.end || !isText(json, at, text)) return false;
  cursor.at = at + text.length;
  return true;
}
