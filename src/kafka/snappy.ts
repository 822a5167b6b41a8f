import { tooLarge } from './kafka-errors.js';

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/** Java's snappy stream ("xerial") is a header and chunks, each with its length before it; others write one raw block. */
export function unsnappy(data: Buffer, maxBytes: number): Uint8Array {
  if (!data.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return readBlock(data, maxBytes);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let at = XERIAL_HEADER_BYTES; at !== data.length;) {
    const end = at + 4 + data.readInt32BE(at);
    if (end <= at || end > data.length) throw damaged();
    const chunk = readBlock(data.subarray(at + 4, end), maxBytes - total);
    total += chunk.length;
    chunks.push(chunk);
    at = end;
  }
  return Buffer.concat(chunks, total);
}

function damaged(): Error {
  return new Error('damaged, or it ends too early');
}

interface Block {
  readonly data: Buffer;
  /** The next byte to read. */
  at: number;
  readonly plain: Buffer;
  /** The next byte to write. */
  to: number;
}

/** Our own reader: snappyjs fills up with zeros what ends too early, and never ends at some damaged lengths. */
function readBlock(data: Buffer, maxBytes: number): Buffer {
  const { length, end } = readLength(data);
  if (length > maxBytes) throw tooLarge(maxBytes);
  const block: Block = { data, at: end, plain: Buffer.allocUnsafe(length), to: 0 };
  while (block.at < data.length) {
    const tag = byteAt(data, block.at);
    if ((tag & 3) === 0) writeLiteral(block, tag);
    else writeCopy(block, tag);
  }
  if (block.to !== length) throw damaged();
  return block.plain;
}

/** A number of seven bits in each byte, the lowest first. */
function readLength(data: Buffer): { length: number; end: number } {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = byteAt(data, index);
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { length, end: index + 1 };
  }
  throw damaged();
}

function byteAt(data: Buffer, at: number): number {
  const byte = data[at];
  if (byte === undefined) throw damaged();
  return byte;
}

const LONGEST_SHORT_LITERAL = 60;

function writeLiteral(block: Block, tag: number): void {
  const { data, at, plain, to } = block;
  let from = at + 1;
  let length = (tag >> 2) + 1;
  if (length > LONGEST_SHORT_LITERAL) {
    const bytes = length - LONGEST_SHORT_LITERAL;
    length = data.readUIntLE(from, bytes) + 1;
    from += bytes;
  }
  if (from + length > data.length || to + length > plain.length) throw damaged();
  for (let index = 0; index < length; index += 1) plain[to + index] = data[from + index] ?? 0;
  block.at = from + length;
  block.to = to + length;
}

/** Repeats what has been written, perhaps also what is being written. */
function writeCopy(block: Block, tag: number): void {
  const { data, at, plain, to } = block;
  const form = tag & 3;
  const length = form === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
  const from = to - distanceOf(data, at, tag);
  if (from < 0 || from === to || to + length > plain.length) throw damaged();
  for (let index = 0; index < length; index += 1) plain[to + index] = plain[from + index] ?? 0;
  block.at = at + (form === 3 ? 5 : form + 1);
  block.to = to + length;
}

function distanceOf(data: Buffer, at: number, tag: number): number {
  const low = byteAt(data, at + 1);
  if ((tag & 3) === 1) return ((tag >> 5) << 8) + low;
  return (tag & 3) === 2 ? low + (byteAt(data, at + 2) << 8) : data.readUInt32LE(at + 1);
}
