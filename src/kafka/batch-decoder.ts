import { crc32c } from '@node-rs/crc32';
import { DrainError } from '../errors.js';
import type { DecodedBatch } from './internals.js';
import { partitionName, type KafkaRecord, type RecordHeader, type TopicPartition } from './source.js';

/** Decompresses the records of a batch. */
export interface BatchCodec {
  decompress: (data: Buffer) => Promise<Buffer>;
}

/** Of a batch's header (magic 2), from the batch's first byte; see "Record Batch" in Kafka's documentation of its message format. */
const LENGTH_AT = 8;
const MAGIC_AT = 16;
/** CRC-32C of everything from the attributes on. */
const CHECKSUM_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;
/** The length counts what is behind it. */
const BEFORE_LENGTH_ENDS = 12;

const MAGIC = 2;
const CODECS = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** What a record takes in the heap beside its bytes; empty ones compress to nothing. */
const RECORD_BYTES = 200;

const NO_HEADERS: readonly RecordHeader[] = [];

/** Whether a batch of the format with magic 2, the one since Kafka 0.11, begins here. */
export function isRecordBatch(buffer: Buffer, at: number): boolean {
  return buffer[at + MAGIC_AT] === MAGIC;
}

/** @param hold what was decompressed, where it is kept until its records are handled. */
export type DecodeBatch = (
  buffer: Buffer,
  at: number,
  hold: (plain: Buffer) => Buffer,
) => Promise<DecodedBatch | null>;

/**
 * Builds the decoder of one batch of records, in place of kafkajs's: a fifth of its time, since nothing is built on the way to a
 * record but the record, and headers are taken in their order, in linear time. Records are decoded when they are handled: those
 * of a whole fetch would outlive the young generation of the heap. `null`: the batch is cut off, as the last of a fetch may be.
 * @param codecOf by the batch's number of a codec; `null`: not compressed.
 */
export function createDecodeBatch(codecOf: (codec: number) => BatchCodec | null): DecodeBatch {
  return async (buffer, at, hold) => {
    if (buffer.length < at + RECORDS_AT) return null;
    const end = at + BEFORE_LENGTH_ENDS + buffer.readInt32BE(at + LENGTH_AT);
    if (end > buffer.length) return null;
    if (end < at + RECORDS_AT || checksumOf(buffer, at, end) !== buffer.readUInt32BE(at + CHECKSUM_AT))
      return damagedBatch(buffer, at);
    const attributes = buffer.readInt16BE(at + ATTRIBUTES_AT);
    const codec = codecOf(attributes & CODECS);
    const data = buffer.subarray(at + RECORDS_AT, end);
    const plain = codec === null || data.length === 0 ? data : hold(await codec.decompress(data));
    const firstOffset = buffer.readBigInt64BE(at);
    const maxTimestamp = Number(buffer.readBigInt64BE(at + MAX_TIMESTAMP_AT));
    const count = buffer.readInt32BE(at + COUNT_AT);
    const stretch: Stretch = {
      firstOffset,
      lastOffsetDelta: buffer.readInt32BE(at + LAST_OFFSET_DELTA_AT),
      firstTimestampMs: Number(buffer.readBigInt64BE(at + FIRST_TIMESTAMP_AT)),
      appendedMs: (attributes & LOG_APPEND_TIME) === 0 ? null : maxTimestamp,
    };
    return {
      end,
      bytes: plain.length + RECORD_BYTES * count,
      decompressedBytes: plain === data ? 0 : plain.length,
      packed: {
        offset: firstOffset + BigInt(stretch.lastOffsetDelta),
        isControlRecord: (attributes & CONTROL) !== 0,
        isDamaged: false,
        producerId: String(buffer.readBigInt64BE(at + PRODUCER_ID_AT)),
        inTransaction: (attributes & TRANSACTIONAL) !== 0,
        memory: buffer.buffer,
        recordsIn: plain.buffer,
        read: (place, from, into) => readRecords(plain, count, { ...stretch, ...place }, from, into),
      },
    };
  };
}

function checksumOf(buffer: Buffer, at: number, end: number): number {
  return crc32c(buffer.subarray(at + ATTRIBUTES_AT, end));
}

/** Neither hidden nor taken for one that isn't wanted, whatever its bytes say. */
const LAST_OFFSET = 2n ** 63n - 2n;

/** Stands for a batch whose checksum is not that of its bytes. Error, for whoever reads it: `RECORDS_DAMAGED`. */
function damagedBatch(buffer: Buffer, at: number): DecodedBatch {
  const begin = buffer.readBigInt64BE(at);
  return {
    end: buffer.length,
    ...{ bytes: 0, decompressedBytes: 0 },
    packed: {
      ...{ offset: LAST_OFFSET, isControlRecord: false, isDamaged: true },
      ...{ producerId: '-1', inTransaction: false },
      ...{ memory: buffer.buffer, recordsIn: buffer.buffer },
      read: (place) => {
        throw new DrainError(
          'RECORDS_DAMAGED',
          `The batch of ${partitionName(place)} that begins at offset ${String(begin)} is damaged: its checksum is not that of its bytes. ` +
            'Everything before it is written and committed. Where every run ends here, it is damaged on the disk of its broker: let another ' +
            "replica lead the partition, or pass over the batch by setting the group's offset behind it (kafka-dump-log shows where it ends).",
        );
      },
    },
  };
}

/** What the records of a batch have in common. */
interface Stretch {
  firstOffset: bigint;
  lastOffsetDelta: number;
  firstTimestampMs: number;
  /** The broker's time of appending, which stands for the producers' times; `null`: theirs count. */
  appendedMs: number | null;
}

function readRecords(
  buffer: Buffer,
  count: number,
  stretch: Stretch & TopicPartition,
  from: bigint,
  into: KafkaRecord[],
): number {
  const cursor = { buffer, at: 0 };
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const length = readVarInt(cursor);
    const end = cursor.at + length;
    if (length < 0 || end > buffer.length) throw damaged();
    const record = new SlicedRecord(cursor, stretch);
    bytes += RECORD_BYTES + length;
    // Kafka's own client refuses it as well
    if (cursor.at !== end) throw damaged();
    if (record.offset >= from) into.push(record);
  }
  return bytes;
}

interface Cursor {
  buffer: Buffer;
  at: number;
}

/**
 * A record whose key, value and headers are made when they are asked for. Most are looked at once, headers hardly ever, while a `Buffer`
 * takes as much memory as all else of a record, which lives as long as its batch; and some kilobytes, compressed, may hold millions of
 * headers. A class, since getters of each record's own would be as much.
 */
class SlicedRecord implements KafkaRecord {
  readonly offset: bigint;
  readonly timestampMs: number;
  private readonly stretch: Stretch & TopicPartition;
  private readonly buffer: Buffer;
  private readonly keyBytes: number;
  private readonly keyAt: number;
  private readonly valueBytes: number;
  private readonly valueAt: number;
  private readonly headersAt: number;
  /** A registry's formats look for their schemas several times. */
  private decodedHeaders: readonly RecordHeader[] | null = null;

  /** @param cursor at a record, which it leaves behind its headers. */
  constructor(cursor: Cursor, stretch: Stretch & TopicPartition) {
    // the record's attributes, of which none is in use
    cursor.at += 1;
    const timestampDelta = readVarLong(cursor);
    const offsetDelta = readVarInt(cursor);
    const { firstOffset, lastOffsetDelta, firstTimestampMs, appendedMs } = stretch;
    // else it would be taken for one of those that aren't wanted, and be lost
    if (offsetDelta < 0 || offsetDelta > lastOffsetDelta) throw damaged();
    this.stretch = stretch;
    this.offset = firstOffset + BigInt(offsetDelta);
    this.timestampMs = appendedMs ?? firstTimestampMs + timestampDelta;
    this.buffer = cursor.buffer;
    this.keyBytes = readVarInt(cursor);
    this.keyAt = skip(cursor, this.keyBytes);
    this.valueBytes = readVarInt(cursor);
    this.valueAt = skip(cursor, this.valueBytes);
    this.headersAt = cursor.at;
    skipHeaders(cursor);
  }

  get topic(): string {
    return this.stretch.topic;
  }

  get partition(): number {
    return this.stretch.partition;
  }

  get key(): Buffer | null {
    return sliceOf(this.buffer, this.keyAt, this.keyBytes);
  }

  get value(): Buffer | null {
    return sliceOf(this.buffer, this.valueAt, this.valueBytes);
  }

  get headers(): readonly RecordHeader[] {
    this.decodedHeaders ??= readHeaders({ buffer: this.buffer, at: this.headersAt });
    return this.decodedHeaders;
  }

  get bytes(): number {
    return Math.max(this.keyBytes, 0) + Math.max(this.valueBytes, 0);
  }
}

/** So that damage shows before anything of the batch is handled. */
function skipHeaders(cursor: Cursor): void {
  for (let lengths = 2 * readVarInt(cursor); lengths > 0; lengths -= 1) skip(cursor, readVarInt(cursor));
}

function readHeaders(cursor: Cursor): readonly RecordHeader[] {
  const count = readVarInt(cursor);
  if (count <= 0) return NO_HEADERS;
  const headers: RecordHeader[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = readBytes(cursor)?.toString('utf8') ?? '';
    headers.push({ name, value: readBytes(cursor) });
  }
  return headers;
}

function readBytes(cursor: Cursor): Buffer | null {
  const length = readVarInt(cursor);
  return sliceOf(cursor.buffer, skip(cursor, length), length);
}

/** Where the bytes begin that are passed over. */
function skip(cursor: Cursor, length: number): number {
  const from = cursor.at;
  if (length < 0) return from;
  if (from + length > cursor.buffer.length) throw damaged();
  cursor.at = from + length;
  return from;
}

/** `null`: a length of -1. */
function sliceOf(buffer: Buffer, from: number, length: number): Buffer | null {
  return length < 0 ? null : buffer.subarray(from, from + length);
}

/** Zigzag, 32 bits, in at most five bytes. */
function readVarInt(cursor: Cursor): number {
  const { buffer } = cursor;
  let { at } = cursor;
  let bits = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = buffer[at];
    if (byte === undefined) throw damaged();
    at += 1;
    bits |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.at = at;
      return (bits >>> 1) ^ -(bits & 1);
    }
  }
  throw damaged();
}

/** Zigzag, 64 bits, in at most ten bytes. Differences of times: exact as far as a number is. */
function readVarLong(cursor: Cursor): number {
  const { buffer } = cursor;
  let bits = 0n;
  let small = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = buffer[cursor.at];
    if (byte === undefined) throw damaged();
    cursor.at += 1;
    if (shift < 28) small |= (byte & 0x7f) << shift;
    else bits |= BigInt(byte & 0x7f) << BigInt(shift);
    if (byte >= 0x80) continue;
    if (shift < 28) return (small >>> 1) ^ -(small & 1);
    const zigzag = BigInt.asUintN(64, bits | BigInt(small));
    return Number((zigzag >> 1n) ^ -(zigzag & 1n));
  }
  throw damaged();
}

/** A broker takes no such batch, so it was damaged since. */
function damaged(): RangeError {
  return new RangeError('a record batch is damaged: its lengths contradict each other');
}
