import { isRecordBatch } from './batch-decoder.js';
import type { DecodedBatch, DecodedRecord, Decoder, FetchResponse, OldMessage } from './internals.js';

/** What decodes the formats of records. */
export interface DecoderParts {
  /** `null`: the batch that begins there is cut off. */
  decodeBatch: (buffer: Buffer, at: number) => Promise<DecodedBatch | null>;
  /** kafkajs's own, for the message sets of Kafka before 0.11. */
  decodeMessageSet: (buffer: Buffer) => Promise<OldMessage[]>;
}

/**
 * Where a response has become so much, nothing more of it is decoded: further partitions look as if the broker had sent nothing of
 * them, so that their positions stay. A response is 10 MiB at most, which may be hundreds of batches that each decompress to the
 * limit of one.
 */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;

/**
 * Replaces kafkajs's `decodeMessages`, with three differences:
 * - a batch whose last offset holds no record (the log cleaner keeps an idempotent producer's last batch as an empty shell)
 *   gets a control record there; otherwise kafkajs fetches the same place for ever, or misses the tail of the batch;
 * - records are pushed one by one: the spread overflows the stack at about 120,000 records in a batch;
 * - what decompresses to too much altogether is left for the next fetch, as if this one had been cut there.
 */
export function createDecodeMessages(
  parts: DecoderParts,
  maxBytes = MAX_RESPONSE_BYTES,
): (decoder: Decoder) => Promise<DecodedRecord[]> {
  /** The partitions of a response are read one after the other by one decoder. */
  const bytesOf = new WeakMap<Decoder, number>();
  return async (decoder) => {
    const size = decoder.readInt32();
    if (size <= 0 || !decoder.canReadBytes(size)) return [];
    const buffer = decoder.readBytes(size);
    if (!isRecordBatch(buffer, 0)) return (await parts.decodeMessageSet(buffer)).map(ofOldMessage);
    let bytes = bytesOf.get(decoder) ?? 0;
    if (bytes >= maxBytes) return [];
    const hasRoomAfter = (batch: DecodedBatch): boolean => {
      bytes += batch.bytes;
      bytesOf.set(decoder, bytes);
      return bytes < maxBytes;
    };
    return decodeBatches(buffer, parts.decodeBatch, hasRoomAfter);
  };
}

async function decodeBatches(
  buffer: Buffer,
  decodeBatch: DecoderParts['decodeBatch'],
  hasRoomAfter: (batch: DecodedBatch) => boolean,
): Promise<DecodedRecord[]> {
  const records: DecodedRecord[] = [];
  for (let at = 0; isRecordBatch(buffer, at);) {
    const batch = await decodeBatch(buffer, at);
    // A fetch is cut at its maximum size, in the middle of a batch; the rest comes with the next one.
    if (batch === null) break;
    for (const record of batch.records) records.push(record);
    if (batch.records.at(-1)?.offset !== batch.lastOffset) records.push(placeholder(batch.lastOffset));
    if (!hasRoomAfter(batch)) break;
    at = batch.end;
  }
  return records;
}

const OF_NO_PRODUCER = { producerId: '-1', inTransaction: false };
const NOTHING = { topic: '', partition: -1, timestampMs: -1, key: null, value: null, headers: [] };

function placeholder(offset: bigint): DecodedRecord {
  return { ...NOTHING, offset, isControlRecord: true, batchContext: OF_NO_PRODUCER };
}

function ofOldMessage({ offset, timestamp = '-1', key, value }: OldMessage): DecodedRecord {
  const content = { offset: BigInt(offset), timestampMs: Number(timestamp), key, value };
  return { ...NOTHING, ...content, isControlRecord: false, batchContext: OF_NO_PRODUCER };
}

/**
 * Hides the records of aborted transactions by making control records of them, in place of kafkajs's own filter, which lets
 * some through: it takes up one aborted transaction per record, so where a fetch begins inside several of them the first
 * records are shown, and it takes a record with the key 00000000 for an abort marker.
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

function markAborted(records: readonly DecodedRecord[], transactions: readonly AbortedTransaction[]): void {
  const waiting = transactions.map(({ producerId, firstOffset }) => ({
    producerId,
    first: BigInt(firstOffset),
  }));
  waiting.sort((a, b) => Number(a.first - b.first));
  const open = new Set<string>();
  for (const record of records) {
    for (let next = waiting[0]; next !== undefined && next.first <= record.offset; next = waiting[0]) {
      open.add(next.producerId);
      waiting.shift();
    }
    const { producerId, inTransaction } = record.batchContext;
    if (record.isControlRecord) {
      if (isAbortMarker(record)) open.delete(producerId);
    } else if (inTransaction && open.has(producerId)) {
      record.isControlRecord = true;
    }
  }
}

/** The key of a control record is its version and type, two bytes each; type 0 is abort. */
function isAbortMarker({ key }: DecodedRecord): boolean {
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}
