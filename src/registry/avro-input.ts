import { isUtf8 } from 'node:buffer';
import { faultError, type Meter } from './faults.js';

/** The bytes of one Avro value, read from front to end. Every read throws `MALFORMED` rather than going beyond the end. */
export interface AvroInput extends Meter {
  readonly bytes: Buffer;
  at: number;
}

/** Up to here a zigzag number is read as a double without loss: 7 bytes of 7 bits. */
const PLAIN_BYTES = 7;
const MAX_LONG_BYTES = 10;
/** What a text, binary or double has beside its bytes, at most. */
const VALUE_BYTES = 8;

export function readByte(input: AvroInput): number {
  const byte = input.bytes[input.at];
  if (byte === undefined) throw faultError('MALFORMED');
  input.at += 1;
  return byte;
}

/** 64 bits: a number where it was short enough, otherwise with all its digits. */
function readVarint(input: AvroInput): number | bigint {
  let value = 0;
  let factor = 1;
  for (let index = 0; index < PLAIN_BYTES; index += 1) {
    const byte = readByte(input);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    factor *= 128;
  }
  return readLongVarint(input, BigInt(value));
}

function readLongVarint(input: AvroInput, low: bigint): bigint {
  let value = low;
  for (let index = PLAIN_BYTES; index < MAX_LONG_BYTES; index += 1) {
    const byte = readByte(input);
    value += BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte >= 0x80) continue;
    if (value >= 2n ** 64n) throw faultError('MALFORMED');
    return value % 2n === 1n ? -((value + 1n) / 2n) : value / 2n;
  }
  throw faultError('MALFORMED');
}

export function readLong(input: AvroInput): bigint {
  return BigInt(readVarint(input));
}

export function readInt(input: AvroInput): number {
  const value = readVarint(input);
  if (typeof value !== 'number' || value > 0x7fffffff || value < -0x80000000) throw faultError('MALFORMED');
  return value;
}

/** So many bytes, as a slice. */
export function readBytes(input: AvroInput, length: number): Buffer {
  const end = input.at + length;
  if (end > input.bytes.length) throw faultError('MALFORMED');
  input.spend(VALUE_BYTES + length);
  const slice = input.bytes.subarray(input.at, end);
  input.at = end;
  return slice;
}

function readLength(input: AvroInput): number {
  const length = readVarint(input);
  if (typeof length !== 'number' || length < 0) throw faultError('MALFORMED');
  return length;
}

/** The inverse of `readSizedBytes`. */
export function sizedBytes(bytes: Buffer): Buffer {
  const length: number[] = [];
  let rest = 2 * bytes.length;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

export function readSizedBytes(input: AvroInput): Buffer {
  return readBytes(input, readLength(input));
}

export function readText(input: AvroInput): string {
  const bytes = readSizedBytes(input);
  const text = bytes.toString('utf8');
  // Wrong bytes have become U+FFFD; where there is none, there were none.
  if (text.includes('\ufffd') && !isUtf8(bytes)) throw faultError('NOT_UTF8');
  return text;
}

/** How many items the next block of an array or map has; 0: it has ended. */
export function readBlockCount(input: AvroInput): number {
  const count = readVarint(input);
  if (typeof count !== 'number') throw faultError('MALFORMED');
  if (count >= 0) return count;
  // then the block's size in bytes follows
  readVarint(input);
  return -count;
}
