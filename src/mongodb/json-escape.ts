import type { Writer } from './bson-elements.js';

/** A place in the bytes of a JSON text, and where the next byte of what it becomes goes. */
interface EscapeCursor extends Writer {
  json: Buffer;
  at: number;
}

const BACKSLASH = 0x5c;
const U = 0x75;
const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;
const BEHIND_SURROGATES = 0xe000;

/** What the escapes of one character stand for. */
const SHORT = new Uint8Array(256);
for (const pair of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'])
  SHORT[pair.charCodeAt(0)] = pair.charCodeAt(1);

/** 1 + the value of a hexadecimal digit; 0: it is none. */
const DIGITS = new Uint8Array(256);
for (const digit of '0123456789abcdefABCDEF') DIGITS[digit.charCodeAt(0)] = 1 + Number.parseInt(digit, 16);

/**
 * Writes what an escape stands for, whose backslash was read, as UTF-8 (RFC 8259, section 7). `false`: it is none, or half of a
 * surrogate pair.
 */
export function writeEscape(cursor: EscapeCursor): boolean {
  const { json, out } = cursor;
  const letter = json[cursor.at++] ?? 0;
  if (letter === U) return writeUnicode(cursor);
  const byte = SHORT[letter] ?? 0;
  out[cursor.to++] = byte;
  return byte !== 0;
}

function writeUnicode(cursor: EscapeCursor): boolean {
  const { json } = cursor;
  const unit = readUnit(cursor);
  if (unit < 0 || (unit >= LOW_SURROGATE && unit < BEHIND_SURROGATES)) return false;
  if (unit < HIGH_SURROGATE || unit >= BEHIND_SURROGATES) {
    writeCodePoint(cursor, unit);
    return true;
  }
  if (json[cursor.at] !== BACKSLASH || json[cursor.at + 1] !== U) return false;
  cursor.at += 2;
  const low = readUnit(cursor);
  if (low < LOW_SURROGATE || low >= BEHIND_SURROGATES) return false;
  writeCodePoint(cursor, 0x10000 + ((unit - HIGH_SURROGATE) << 10) + low - LOW_SURROGATE);
  return true;
}

/** Of four digits; below 0: they are less. */
function readUnit(cursor: EscapeCursor): number {
  const { json } = cursor;
  let unit = 0;
  for (const end = cursor.at + 4; cursor.at < end; cursor.at += 1) {
    const digit = DIGITS[json[cursor.at] ?? 0] ?? 0;
    if (digit === 0) return -1;
    unit = (unit << 4) | (digit - 1);
  }
  return unit;
}

function writeCodePoint(cursor: EscapeCursor, point: number): void {
  const { out } = cursor;
  if (point < 0x80) {
    out[cursor.to++] = point;
    return;
  }
  if (point < 0x800) {
    out[cursor.to++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      out[cursor.to++] = 0xe0 | (point >> 12);
    } else {
      out[cursor.to++] = 0xf0 | (point >> 18);
      out[cursor.to++] = 0x80 | ((point >> 12) & 0x3f);
    }
    out[cursor.to++] = 0x80 | ((point >> 6) & 0x3f);
  }
  out[cursor.to++] = 0x80 | (point & 0x3f);
}
