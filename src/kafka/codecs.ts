import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import lz4 from 'lz4js';
import snappy from 'snappyjs';
import { fatal } from './kafka-errors.js';

/**
 * The most one compressed batch may decompress to. Compressed, a batch is at most the topic's `max.message.bytes` (1 MiB by
 * default), so this is far above what honest data needs; and the heap limit of the drain thread doesn't count buffers.
 */
export const MAX_BATCH_BYTES = 256 * 1024 * 1024;

type Decompression = (data: Buffer, maxBytes: number) => Promise<Uint8Array> | Uint8Array;

interface CompressionRegistry {
  CompressionCodecs: Record<number, unknown>;
}

/** Kafka's numbers of the codecs; 5 to 7 aren't given out yet. */
const GZIP = 1;
const DECOMPRESSIONS: readonly [number: number, name: string, decompress: Decompression][] = [
  [GZIP, 'gzip', gunzip],
  [2, 'snappy', unsnappy],
  [3, 'lz4', unlz4],
  [4, 'zstd', unzstd()],
];
const UNASSIGNED = [5, 6, 7];

/** A batch can't be decompressed: unknown codec, damaged, or too large. The classification of errors adds the topic. */
function codecError(reason: string, cause?: unknown): Error {
  const error = new Error(reason, { cause });
  error.name = 'CodecError';
  return error;
}

/** Makes kafkajs read what Java producers write, with gzip, snappy, lz4 and zstd. Writing stays as it is: gzip or nothing. */
export function registerCodecs({ CompressionCodecs }: CompressionRegistry, maxBytes = MAX_BATCH_BYTES): void {
  const gzip = CompressionCodecs[GZIP] as (() => object) | undefined;
  for (const [number, name, decompress] of DECOMPRESSIONS) {
    const compress = number === GZIP ? gzip?.() : undefined;
    CompressionCodecs[number] = () => ({ ...compress, decompress: decompressor(name, decompress, maxBytes) });
  }
  for (const number of UNASSIGNED) {
    // By itself kafkajs takes an unknown codec for none and reads garbage.
    CompressionCodecs[number] = () => {
      throw fatal(codecError(`codec number ${number} is unknown`));
    };
  }
}

function decompressor(
  name: string,
  decompress: Decompression,
  maxBytes: number,
): (data: Buffer) => Promise<Buffer> {
  return async (data) => {
    try {
      const plain = await decompress(data, maxBytes);
      return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    } catch (error) {
      throw fatal(codecError(`${name}: ${error instanceof Error ? error.message : String(error)}`, error));
    }
  };
}

function gunzip(data: Buffer, maxOutputLength: number): Promise<Uint8Array> {
  return promisify(zlib.gunzip)(data, { maxOutputLength });
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/** Java's snappy stream ("xerial") is a header and chunks, each with its length before it; others write one raw block. */
function unsnappy(data: Buffer, maxBytes: number): Uint8Array {
  if (!data.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return snappy.uncompress(data, maxBytes);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let at = XERIAL_HEADER_BYTES; at < data.length;) {
    const length = data.readInt32BE(at);
    const chunk = snappy.uncompress(data.subarray(at + 4, at + 4 + length), maxBytes - total);
    total += chunk.length;
    chunks.push(chunk);
    at += 4 + length;
  }
  return Buffer.concat(chunks, total);
}

function unlz4(data: Buffer, maxBytes: number): Uint8Array {
  requireWholeLz4(data);
  const bound = lz4.decompressBound(data);
  if (bound > maxBytes) throw tooLarge(maxBytes);
  return lz4.decompress(data, bound);
}

const LZ4_CONTENT_SIZE = 0x08;
const LZ4_BLOCK_CHECKSUM = 0x10;

/** lz4js takes data that ends too early for whole: records would be missing without a word. */
function requireWholeLz4(data: Buffer): void {
  const flags = data.readUInt8(4);
  let at = (flags & LZ4_CONTENT_SIZE) === 0 ? 7 : 15;
  for (let size = data.readUInt32LE(at) & 0x7fffffff; size !== 0; size = data.readUInt32LE(at) & 0x7fffffff)
    at += 4 + size + ((flags & LZ4_BLOCK_CHECKSUM) === 0 ? 0 : 4);
}

/** Node's own where it has one (from 22.15), which is several times faster and off the event loop. */
function unzstd(): Decompression {
  const native = Reflect.get(zlib, 'zstdDecompress') as typeof zlib.gunzip | undefined;
  if (native === undefined) return unzstdInJavaScript;
  return (data, maxOutputLength) => promisify(native)(data, { maxOutputLength });
}

/** Exported for tests: with Node's own zstd this is never called. */
export function unzstdInJavaScript(data: Uint8Array, maxBytes: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Decompress((chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  });
  stream.push(data, true);
  return Buffer.concat(chunks, total);
}

function tooLarge(maxBytes: number): Error {
  return new RangeError(`decompresses to more than ${maxBytes} bytes`);
}
