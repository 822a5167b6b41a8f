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

type Decompression = (data: Buffer) => Promise<Uint8Array> | Uint8Array;

interface CompressionRegistry {
  CompressionCodecs: Record<number, unknown>;
}

/** Kafka's numbers of the codecs; 5 to 7 aren't given out yet. */
const DECOMPRESSIONS: readonly [number: number, name: string, decompress: Decompression][] = [
  [1, 'gzip', gunzip],
  [2, 'snappy', unsnappy],
  [3, 'lz4', unlz4],
  [4, 'zstd', unzstd()],
];
const UNASSIGNED = [5, 6, 7];

/** A batch can't be decompressed: unknown codec, damaged, or too large. The classification of errors adds the topic. */
export function codecError(reason: string, cause?: unknown): Error {
  const error = new Error(reason, { cause });
  error.name = 'CodecError';
  return error;
}

/** Makes kafkajs read what Java producers write, with gzip, snappy, lz4 and zstd. */
export function registerCodecs({ CompressionCodecs }: CompressionRegistry): void {
  for (const [number, name, decompress] of DECOMPRESSIONS) {
    CompressionCodecs[number] = () => createCodec(name, decompress);
  }
  for (const number of UNASSIGNED) {
    // By itself kafkajs takes an unknown codec for none and reads garbage.
    CompressionCodecs[number] = () => {
      throw fatal(codecError(`codec number ${number} is unknown`));
    };
  }
}

function createCodec(name: string, decompress: Decompression): object {
  return {
    compress: () => Promise.reject(fatal(codecError(`${name} is for reading only`))),
    decompress: async (data: Buffer): Promise<Buffer> => {
      try {
        const plain = await decompress(data);
        return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
      } catch (error) {
        throw fatal(codecError(`${name}: ${error instanceof Error ? error.message : String(error)}`, error));
      }
    },
  };
}

function gunzip(data: Buffer): Promise<Uint8Array> {
  return promisify(zlib.gunzip)(data, { maxOutputLength: MAX_BATCH_BYTES });
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/** Java's snappy stream ("xerial") is a header and chunks, each with its length before it; others write one raw block. */
function unsnappy(data: Buffer): Uint8Array {
  if (!data.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC))
    return snappy.uncompress(data, MAX_BATCH_BYTES);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let at = XERIAL_HEADER_BYTES; at < data.length;) {
    const length = data.readInt32BE(at);
    const chunk = snappy.uncompress(data.subarray(at + 4, at + 4 + length), MAX_BATCH_BYTES - total);
    total += chunk.length;
    chunks.push(chunk);
    at += 4 + length;
  }
  return Buffer.concat(chunks, total);
}

function unlz4(data: Buffer): Uint8Array {
  const bound = lz4.decompressBound(data);
  if (bound > MAX_BATCH_BYTES) throw tooLarge();
  return lz4.decompress(data, bound);
}

/** Node's own where it has one (from 22.15), which is several times faster and off the event loop. */
function unzstd(): Decompression {
  const native = Reflect.get(zlib, 'zstdDecompress') as typeof zlib.gunzip | undefined;
  if (native === undefined) return unzstdInJavaScript;
  return (data) => promisify(native)(data, { maxOutputLength: MAX_BATCH_BYTES });
}

/** Exported for tests: with Node's own zstd this is never called. */
export function unzstdInJavaScript(data: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Decompress((chunk) => {
    total += chunk.length;
    if (total > MAX_BATCH_BYTES) throw tooLarge();
    chunks.push(chunk);
  });
  stream.push(data, true);
  return Buffer.concat(chunks, total);
}

function tooLarge(): Error {
  return new RangeError(`decompresses to more than ${MAX_BATCH_BYTES} bytes`);
}
