import { createSpares, MOST_OF_RECORDS, type Reusable } from '../spares.js';
import type { KafkaRecord, RecordHeader, RecordPlaces, TopicPartition } from './source.js';

/** What a record takes in the heap beside its bytes; empty ones compress to nothing. */
export const RECORD_BYTES = 200;

const NO_HEADERS: readonly RecordHeader[] = [];

/** What the records of a batch have in common. */
export interface Stretch {
  firstOffset: bigint;
  lastOffsetDelta: number;
  firstTimestampMs: number;
  /** The broker's time of appending, which stands for the producers' times; `null`: theirs count. */
  appendedMs: number | null;
}

/** Decodes the records of a batch, those from an offset on into an array; what all of them take. Error: a `RangeError` where it is damaged. */
export function readRecords(count: number, shared: Shared, from: bigint, into: KafkaRecord[]): number {
  const { buffer } = shared;
  const cursor = { buffer, at: 0 };
  const least = Number(from - shared.firstOffset);
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const length = readVarInt(cursor);
    const end = cursor.at + length;
    if (length < 0 || end > buffer.length) throw damaged();
    const record = spares.take() ?? new SlicedRecord();
    record.read(cursor, shared);
    bytes += RECORD_BYTES + length;
    // Kafka's own client refuses it as well
    if (cursor.at !== end) throw damaged();
    if (record.offsetDelta >= least) into.push(record);
    else spares.giveBack(record);
  }
  return bytes;
}

interface Cursor {
  buffer: Buffer;
  at: number;
}

/** What the records of one batch of a partition have in common, and the bytes that they are in. */
export interface Shared extends Stretch, TopicPartition {
  buffer: Buffer;
}

const spares = createSpares<SlicedRecord>(MOST_OF_RECORDS);

/**
 * Nobody reads these records any more: what stands for them stands for others soon. Those of other making are left to the garbage collector.
 * Error: `UNEXPECTED`, as of `Spares`.
 */
export function recycleRecords(records: readonly KafkaRecord[]): void {
  for (const record of records) {
    if (record instanceof SlicedRecord) spares.giveBack(record);
  }
}

const NOWHERE: Shared = {
  ...{ topic: '', partition: -1, buffer: Buffer.alloc(0) },
  ...{ firstOffset: -1n, lastOffsetDelta: 0, firstTimestampMs: -1, appendedMs: -1 },
};

/**
 * A record whose offset, key, value, headers and time are made when they are asked for: it lives as long as its batch, while a `Buffer` takes
 * as much memory as all else of it; and some kilobytes, compressed, may hold millions of headers. A class, since getters of each record's
 * own would be as much.
 */
class SlicedRecord implements KafkaRecord, RecordPlaces, Reusable {
  private shared = NOWHERE;
  offsetDelta = 0;
  private timestampDelta = 0;
  keyBytes = -1;
  keyAt = 0;
  valueBytes = -1;
  valueAt = 0;
  /** A registry's formats look for their schemas several times, others never. */
  private decodedHeaders: readonly RecordHeader[] | null = null;

  /** @param cursor at a record, which it leaves behind its headers. */
  read(cursor: Cursor, shared: Shared): void {
    // the record's attributes, of which none is in use
    cursor.at += 1;
    this.shared = shared;
    this.timestampDelta = readVarLong(cursor);
    this.offsetDelta = readVarInt(cursor);
    // else it would be taken for one of those that aren't wanted, and be lost
    if (this.offsetDelta < 0 || this.offsetDelta > shared.lastOffsetDelta) throw damaged();
    this.keyBytes = readVarInt(cursor);
    this.keyAt = skip(cursor, this.keyBytes);
    this.valueBytes = readVarInt(cursor);
    this.valueAt = skip(cursor, this.valueBytes);
    skipHeaders(cursor);
  }

  forget(): boolean {
    const isForgotten = this.shared === NOWHERE;
    this.shared = NOWHERE;
    this.keyBytes = -1;
    this.valueBytes = -1;
    this.decodedHeaders = null;
    return !isForgotten;
  }

  get offset(): bigint {
    return this.shared.firstOffset + BigInt(this.offsetDelta);
  }

  get timestampMs(): number {
    return this.shared.appendedMs ?? this.shared.firstTimestampMs + this.timestampDelta;
  }

  get buffer(): Buffer {
    return this.shared.buffer;
  }

  get topic(): string {
    return this.shared.topic;
  }

  get partition(): number {
    return this.shared.partition;
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

  private get headersAt(): number {
    return this.valueAt + Math.max(this.valueBytes, 0);
  }

  get places(): RecordPlaces {
    return this;
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
