import type { BatchContext, DecodedBatch, DecodedRecord, Decoder, FetchResponse } from './internals.js';

/** kafkajs's own parts from which the patched decoder is built. */
export interface DecoderParts {
  Decoder: new (buffer: Buffer) => Decoder;
  decodeBatch: (decoder: Decoder) => Promise<DecodedBatch>;
  /** The message sets of Kafka before 0.11. */
  decodeMessageSet: (decoder: Decoder, size: number) => Promise<DecodedRecord[]>;
}

const MAGIC_OFFSET = 16;
const RECORD_BATCH_MAGIC = 2;
const RECORD_BATCH_OVERHEAD = 49;

/**
 * Where a response has become so much, nothing more of it is decoded: further partitions look as if the broker had sent nothing of
 * them, so that their positions stay. A response is 10 MiB at most, which may be hundreds of batches that each decompress to the
 * limit of one.
 */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;
/** What a record takes in the heap beside its bytes, and a header likewise; empty ones compress to nothing. */
const RECORD_BYTES = 200;
const HEADER_BYTES = 100;

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
    const batches = new parts.Decoder(buffer);
    if (buffer.readInt8(MAGIC_OFFSET) !== RECORD_BATCH_MAGIC) return parts.decodeMessageSet(batches, size);
    let bytes = bytesOf.get(decoder) ?? 0;
    if (bytes >= maxBytes) return [];
    const hasRoomAfter = (batch: DecodedBatch): boolean => {
      bytes += batch.records.reduce((sum, record) => sum + bytesIn(record), 0);
      bytesOf.set(decoder, bytes);
      return bytes < maxBytes;
    };
    return decodeBatches(batches, parts.decodeBatch, hasRoomAfter);
  };
}

async function decodeBatches(
  decoder: Decoder,
  decodeBatch: DecoderParts['decodeBatch'],
  hasRoomAfter: (batch: DecodedBatch) => boolean,
): Promise<DecodedRecord[]> {
  const records: DecodedRecord[] = [];
  while (decoder.canReadBytes(RECORD_BATCH_OVERHEAD)) {
    try {
      const batch = await decodeBatch(decoder);
      for (const record of batch.records) records.push(record);
      const lastOffset = String(BigInt(batch.firstOffset) + BigInt(batch.lastOffsetDelta));
      if (batch.records.at(-1)?.offset !== lastOffset) records.push(placeholder(lastOffset, batch));
      if (!hasRoomAfter(batch)) break;
    } catch (error) {
      // A fetch is cut at its maximum size, in the middle of a batch; the rest comes with the next one.
      if ((error as Error).name === 'KafkaJSPartialMessageError') break;
      throw error;
    }
  }
  return records;
}

function bytesIn({ key, value, headers }: DecodedRecord): number {
  let bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers ?? []) bytes += HEADER_BYTES + (header.value?.length ?? 0);
  return bytes;
}

function placeholder(
  offset: string,
  { firstOffset, lastOffsetDelta, producerId, inTransaction }: BatchContext,
): DecodedRecord {
  const batchContext = { firstOffset, lastOffsetDelta, producerId, inTransaction };
  return { offset, key: null, value: null, isControlRecord: true, batchContext };
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
    const offset = BigInt(record.offset);
    for (let next = waiting[0]; next !== undefined && next.first <= offset; next = waiting[0]) {
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
