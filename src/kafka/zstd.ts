import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { tooLarge } from './kafka-errors.js';

/** The largest window that libzstd takes by itself, and so Java's consumer (`ZSTD_WINDOWLOG_LIMIT_DEFAULT`, 27). */
const MAX_WINDOW_BYTES = 2 ** 27;
/** fzstd moves its whole window after each block; so much takes it some seconds. */
const MAX_MOVED_BYTES = 2 ** 35;

/** Node's own where it has one (from 22.15), which is several times faster and off the event loop. */
export function createUnzstd(): (data: Buffer, maxBytes: number) => Promise<Uint8Array> | Uint8Array {
  const native = Reflect.get(zlib, 'zstdDecompress') as typeof zlib.gunzip | undefined;
  if (native === undefined) return unzstdInJavaScript;
  return (data, maxOutputLength) => promisify(native)(data, { maxOutputLength });
}

/** Exported for tests: with Node's own zstd this is never called. */
export function unzstdInJavaScript(data: Buffer, maxBytes: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Decompress((chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  });
  stream.push(withSmallWindows(data), true);
  return Buffer.concat(chunks, total);
}

/**
 * The same frames with headers that claim no larger windows than there can be content: fzstd allocates whatever a few bytes claim, and
 * moves it as often as there are blocks.
 */
function withSmallWindows(data: Buffer): Buffer {
  const parts: Buffer[] = [];
  let movedBytes = 0;
  for (let at = 0; at < data.length;) {
    if (isSkippable(data, at)) {
      at += 8 + data.readUInt32LE(at + 4);
      continue;
    }
    const frame = readFrame(data, at);
    if (frame.windowBytes > MAX_WINDOW_BYTES)
      throw new RangeError(`wants a window of more than ${MAX_WINDOW_BYTES} bytes`);
    const windowBytes = Math.min(frame.windowBytes, frame.mostBytes);
    movedBytes += windowBytes * frame.blocks;
    if (movedBytes > MAX_MOVED_BYTES)
      throw new RangeError('has too many blocks for its window; Node from 22.15 reads it');
    parts.push(headerOf(windowBytes, frame.hasChecksum), data.subarray(frame.blocksAt, frame.end));
    at = frame.end;
  }
  return Buffer.concat(parts);
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;

function isSkippable(data: Buffer, at: number): boolean {
  return data.readUInt32LE(at) >>> 4 === SKIPPABLE_MAGIC;
}

interface Header {
  windowBytes: number;
  hasChecksum: boolean;
  /** Where its blocks begin. */
  blocksAt: number;
}

interface Frame extends Header {
  blocks: number;
  /** It can't become more. */
  mostBytes: number;
  /** Where the next one begins. */
  end: number;
}

const CHECKSUM_FLAG = 0x04;
const SINGLE_SEGMENT_FLAG = 0x20;
const CONTENT_SIZE_OF_4_BYTES = 0x80;
const BLOCK_HEADER_BYTES = 3;
const RUN_BLOCK = 1;
const COMPRESSED_BLOCK = 2;
const MAX_BLOCK_BYTES = 128 * 1024;

/** RFC 8878, section 3.1.1. */
function readFrame(data: Buffer, start: number): Frame {
  if (data.readUInt32LE(start) !== MAGIC) throw new Error('invalid zstd data');
  const header = readHeader(data, start + 4);
  let at = header.blocksAt;
  let mostBytes = 0;
  for (let blocks = 1; ; blocks += 1) {
    const block = data.readUIntLE(at, BLOCK_HEADER_BYTES);
    const type = (block >> 1) & 3;
    const size = block >> 3;
    mostBytes += type === COMPRESSED_BLOCK ? MAX_BLOCK_BYTES : size;
    at += BLOCK_HEADER_BYTES + (type === RUN_BLOCK ? 1 : size);
    if ((block & 1) === 0) continue;
    const end = at + (header.hasChecksum ? 4 : 0);
    if (end > data.length) throw new RangeError('ends too early');
    return { ...header, blocks, mostBytes, end };
  }
}

function readHeader(data: Buffer, at: number): Header {
  const descriptor = data.readUInt8(at);
  const hasChecksum = (descriptor & CHECKSUM_FLAG) !== 0;
  const isSingleSegment = (descriptor & SINGLE_SEGMENT_FLAG) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSizeAt = at + (isSingleSegment ? 1 : 2) + dictionaryBytes;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const windowBytes = isSingleSegment
    ? readContentSize(data, contentSizeAt, contentSizeBytes)
    : windowOf(data.readUInt8(at + 1));
  return { windowBytes, hasChecksum, blocksAt: contentSizeAt + contentSizeBytes };
}

function readContentSize(data: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(data.readBigUInt64LE(at));
  return data.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** In a single segment the window is as large as the content is said to be. */
function headerOf(windowBytes: number, hasChecksum: boolean): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt32LE(MAGIC);
  header[4] = CONTENT_SIZE_OF_4_BYTES | SINGLE_SEGMENT_FLAG | (hasChecksum ? CHECKSUM_FLAG : 0);
  header.writeUInt32LE(windowBytes, 5);
  return header;
}
