import { isRecordBatch, type DecodeBatch } from './batch-decoder.js';
import { noteDecoded, type Decoded } from './fetch-size.js';
import type { DecodedBatch, Decoder, FetchResponse, OldMessage, PackedRecords } from './internals.js';
import { MAX_HANDLED_BYTES } from './record-batch.js';
import { recycleRecords } from './record-reader.js';
import { createRoom } from './response-memory.js';
import type { KafkaRecord } from './source.js';

/** What decodes the formats of records. */
export interface DecoderParts {
  /** `null`: the batch that begins there is cut off. */
  decodeBatch: DecodeBatch;
  /** kafkajs's own, for the message sets of Kafka before 0.11. */
  decodeMessageSet: (buffer: Buffer) => Promise<OldMessage[]>;
}

/** How much is decoded, bytes; the rest is left for the next fetch. The first batch of a response is decoded whatever its size. */
export interface DecodeLimits {
  /**
   * What all partitions of a response decompress to, together, and twice what one of them does, so that two are handled at once. Where
   * it is so much, further ones look as if the broker had sent nothing of them, so that their positions stay.
   */
  response: number;
  /** What the records of a partition take when they are handled. */
  partition: number;
}

/**
 * A response of 8 MiB may be hundreds of batches that each decompress to the limit of one. Of a partition no more is handled at once,
 * and it would be decompressed twice.
 */
const LIMITS: DecodeLimits = { response: 8 * 1024 * 1024, partition: MAX_HANDLED_BYTES };

/**
 * Replaces kafkajs's `decodeMessages`, with three differences:
 * - what stands for a message is a whole batch of the log with the last offset that it covers, whether or not a record is there
 *   (the log cleaner keeps an idempotent producer's last batch as an empty shell); otherwise kafkajs fetches the same place for
 *   ever, or misses the tail of the batch;
 * - batches are pushed one by one: the spread overflows the stack at about 120,000 of them;
 * - what decompresses to too much is left for the next fetch, as if this one had been cut there.
 */
export function createDecodeMessages(
  parts: DecoderParts,
  limits = LIMITS,
): (decoder: Decoder) => Promise<PackedRecords[]> {
  /** The partitions of a response are read one after the other by one decoder. */
  const responseOf = new WeakMap<Decoder, ResponseSoFar>();
  const begin = (memory: ArrayBufferLike): ResponseSoFar => {
    const response = { received: 0, left: 0, decompressedBytes: 0, hold: createRoom(limits.response) };
    noteDecoded(memory, response);
    return response;
  };
  return async (decoder) => {
    const size = decoder.readInt32();
    if (size <= 0 || !decoder.canReadBytes(size)) return [];
    const buffer = decoder.readBytes(size);
    const response = responseOf.get(decoder) ?? begin(buffer.buffer);
    responseOf.set(decoder, response);
    response.received += size;
    if (!isRecordBatch(buffer, 0)) {
      const messages = await parts.decodeMessageSet(buffer);
      return messages.map((message) => ofOldMessage(message, buffer.buffer));
    }
    if (response.decompressedBytes >= limits.response) {
      response.left += size;
      return [];
    }
    let bytes = 0;
    const most = Math.min(limits.response, response.decompressedBytes + limits.response / 2);
    const hasRoomAfter = (batch: DecodedBatch): boolean => {
      bytes += batch.bytes;
      response.decompressedBytes += batch.decompressedBytes;
      const hasRoom = bytes < limits.partition && response.decompressedBytes < most;
      if (!hasRoom) response.left += size - batch.end;
      return hasRoom;
    };
    return decodeBatches(buffer, (at) => parts.decodeBatch(buffer, at, response.hold), hasRoomAfter);
  };
}

/** Of its partitions that are decoded by now. */
interface ResponseSoFar extends Decoded {
  decompressedBytes: number;
  hold: (plain: Buffer) => Buffer;
}

async function decodeBatches(
  buffer: Buffer,
  decodeAt: (at: number) => Promise<DecodedBatch | null>,
  hasRoomAfter: (batch: DecodedBatch) => boolean,
): Promise<PackedRecords[]> {
  const batches: PackedRecords[] = [];
  for (let at = 0; isRecordBatch(buffer, at);) {
    const batch = await decodeAt(at);
    // A fetch is cut at its maximum size, in the middle of a batch; the rest comes with the next one.
    if (batch === null) break;
    // What is before it is handled and committed first: only the next fetch begins with it. What is behind it can't be found.
    if (batch.packed.isDamaged) return batches.length > 0 ? batches : [batch.packed];
    batches.push(batch.packed);
    if (!hasRoomAfter(batch)) break;
    at = batch.end;
  }
  return batches;
}

const PLAIN = { isControlRecord: false, isDamaged: false, producerId: '-1', inTransaction: false };

function ofOldMessage(
  { offset, timestamp = '-1', key, value }: OldMessage,
  memory: ArrayBufferLike,
): PackedRecords {
  const content = { offset: BigInt(offset), timestampMs: Number(timestamp), key, value, headers: [] };
  return {
    ...PLAIN,
    offset: content.offset,
    ...{ memory, recordsIn: memory },
    read: (place, from, into) => {
      if (content.offset >= from) into.push({ ...place, ...content });
      return (key?.length ?? 0) + (value?.length ?? 0);
    },
  };
}

/**
 * Hides the batches of aborted transactions as control records are hidden, in place of kafkajs's own filter, which lets some
 * through: it takes up one aborted transaction per record, so where a fetch begins inside several of them the first records
 * are shown, and it takes a record with the key 00000000 for an abort marker.
 */
export function hideAborted(response: FetchResponse): FetchResponse {
  for (const { partitions } of response.responses) {
    for (const partition of partitions) {
      const aborted = partition.abortedTransactions ?? [];
      if (aborted.length > 0) markAborted(partition.messages, aborted);
      partition.abortedTransactions = [];
    }
  }
  return response;
}

interface AbortedTransaction {
  producerId: string;
  firstOffset: string;
}

function markAborted(batches: readonly PackedRecords[], transactions: readonly AbortedTransaction[]): void {
  const waiting = transactions.map(({ producerId, firstOffset }) => ({
    producerId,
    first: BigInt(firstOffset),
  }));
  waiting.sort((a, b) => Number(a.first - b.first));
  const open = new Set<string>();
  for (const batch of batches) {
    for (let next = waiting[0]; next !== undefined && next.first <= batch.offset; next = waiting[0]) {
      open.add(next.producerId);
      waiting.shift();
    }
    const { producerId, inTransaction } = batch;
    if (batch.isControlRecord) {
      if (isAbortMarker(batch)) open.delete(producerId);
    } else if (inTransaction && open.has(producerId)) {
      batch.isControlRecord = true;
    }
  }
}

/** A control batch holds one record, whose key is its version and type, two bytes each; type 0 is abort. */
function isAbortMarker({ read }: PackedRecords): boolean {
  const records: KafkaRecord[] = [];
  read({ topic: '', partition: -1 }, 0n, records);
  const key = records[0]?.key ?? null;
  recycleRecords(records);
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}
