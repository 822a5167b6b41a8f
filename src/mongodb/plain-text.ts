import { endianness } from 'node:os';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** A byte in each of the four of a word. */
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const SPACES = 0x20202020;
const ONES = 0x01010101;
const TOP_BITS = 0x80808080 | 0;

/** The buffer that was looked at last, since a batch is one, and asking it for its memory takes longer than a short text. */
let seen: { json: Buffer; words: Int32Array } = { json: Buffer.alloc(0), words: new Int32Array(0) };

/** All words of the memory in which the buffer is. */
function wordsOf(json: Buffer): Int32Array {
  if (seen.json !== json) {
    const { buffer } = json;
    const isSame = seen.words.buffer === buffer;
    seen = { json, words: isSame ? seen.words : new Int32Array(buffer, 0, buffer.byteLength >> 2) };
  }
  return seen.words;
}

/** The same of the buffer that was written to. Neither ever gets other memory. */
let filled: { out: Buffer; view: DataView } = { out: seen.json, view: new DataView(new ArrayBuffer(0)) };

function viewOf(out: Buffer): DataView {
  if (filled.out !== out) filled = { out, view: new DataView(out.buffer, out.byteOffset, out.length) };
  return filled.view;
}

/** What of a buffer is looked at, and how. */
export interface TextLimits {
  end: number;
  /** Bytes of more than ASCII are plain as well. */
  isWide: boolean;
}

/**
 * Copies a text of JSON as far as it is neither ended nor interrupted: up to a quote, a backslash, a control character or perhaps what
 * isn't ASCII, or to the end. Returns where that is. Four bytes at a time are looked at and written: by a call of Node's it takes twice
 * as long, and makes an object.
 * @param to where in `out` the text's first byte goes; there must be room for all of it.
 */
export function copyPlainText(
  json: Buffer,
  from: number,
  { end, isWide }: TextLimits,
  out: Buffer,
  to: number,
): number {
  const base = json.byteOffset;
  const firstWord = (base + from + 3) >> 2;
  const aligned = Math.min((firstWord << 2) - base, end);
  const last = isWide ? 0xff : 0x7f;
  const first = copyPlainBytes(json, from, aligned, last, out, to);
  if (first < aligned || first >= end) return first;
  const copyWords = isWide ? copyWideWords : copyPlainWords;
  const endWord = copyWords(wordsOf(json), firstWord, (base + end) >> 2, viewOf(out), to + first - from);
  const at = endWord * 4 - base;
  return copyPlainBytes(json, at, end, last, out, to + at - from);
}

function copyPlainBytes(
  json: Buffer,
  from: number,
  end: number,
  last: number,
  out: Buffer,
  to: number,
): number {
  let at = from;
  for (let next = to; at < end; at += 1) {
    const byte = json[at];
    if (!isPlain(byte, last)) return at;
    out[next++] = byte;
  }
  return at;
}

function isPlain(byte: number | undefined, last: number): byte is number {
  return byte !== undefined && byte >= SPACE && byte <= last && byte !== QUOTE && byte !== BACKSLASH;
}

/** Words are read as the machine has them, and so they must be written. */
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Up to the first word that has one of those bytes: what is subtracted is more than such a byte is, which shows in its top bit. What
 * isn't ASCII keeps its own in one of the two that are combined at least: only 0xa2 and 0xa3 lose it in one, 0xdc and 0xdd in the other.
 */
function copyPlainWords(words: Int32Array, from: number, end: number, out: DataView, to: number): number {
  let next = to;
  for (let at = from; at < end; at += 1) {
    const word = words[at] ?? 0;
    const found = ((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES) | (word - SPACES);
    if ((found & TOP_BITS) !== 0) return at;
    out.setInt32(next, word, IS_LITTLE_ENDIAN);
    next += 4;
  }
  return Math.max(from, end);
}

/** The same where bytes may have their top bits set ("Determine if a word has a zero byte", Bit Twiddling Hacks). */
function copyWideWords(words: Int32Array, from: number, end: number, out: DataView, to: number): number {
  let next = to;
  for (let at = from; at < end; at += 1) {
    const word = words[at] ?? 0;
    const quote = word ^ QUOTES;
    const backslash = word ^ BACKSLASHES;
    const found = ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) | ((word - SPACES) & ~word);
    if ((found & TOP_BITS) !== 0) return at;
    out.setInt32(next, word, IS_LITTLE_ENDIAN);
    next += 4;
  }
  return Math.max(from, end);
}

/** Whether all bytes of a stretch are ASCII; for short ones it costs less than a call of Node's. */
export function isAscii(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) if ((bytes[at] ?? 0) > 0x7f) return false;
  return true;
}
