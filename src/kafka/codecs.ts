import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import lz4 from 'lz4js';
import { fatal, tooLarge } from './kafka-errors.js';
import { unsnappy } from './snappy.js';
import { createUnzstd } from './zstd.js';

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
  [4, 'zstd', createUnzstd()],
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

function unlz4(data: Buffer, maxBytes: number): Uint8Array {
  requireWholeLz4(data);
  const bound = lz4.decompressBound(data);
  if (bound > maxBytes) throw tooLarge(maxBytes);
  return lz4.decompress(data, bound);
}

const LZ4_CONTENT_SIZE = 0x08;
const LZ4_BLOCK_CHECKSUM = 0x10;

/**
 * lz4js takes data that ends too early for whole: records would be missing without a word. And it takes the checksum of a block,
 * which Kafka's clients don't write, for the block's beginning.
 */
function requireWholeLz4(data: Buffer): void {
  const flags = data.readUInt8(4);
  if ((flags & LZ4_BLOCK_CHECKSUM) !== 0)
    throw new Error('frames with a checksum of each block are not supported');
  let at = (flags & LZ4_CONTENT_SIZE) === 0 ? 7 : 15;
  for (let size = data.readUInt32LE(at) & 0x7fffffff; size !== 0; size = data.readUInt32LE(at) & 0x7fffffff)
    at += 4 + size;
}
