import type { FetchedBatch } from './internals.js';
import { partitionName, type KafkaRecord, type RecordBatch } from './source.js';

/** What the records that are handled at once may take in memory, about; what is left of their fetch is fetched again. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * What kafkajs fetched of a partition in our words, decoded: all of it, or as much as there is room for. Keys and values are
 * slices of the whole fetch response, whose memory is used again when everything in it is handled: copy what is kept.
 * Errors: `RECORDS_DAMAGED`; `RangeError` where lengths in a batch contradict each other.
 */
export function toRecordBatch(batch: FetchedBatch, maxBytes = MAX_BYTES): RecordBatch {
  const { topic, partition, messages } = batch;
  const from = BigInt(batch.fetchedOffset);
  const records: KafkaRecord[] = [];
  let nextOffset = BigInt(batch.lastOffset()) + 1n;
  let readTo = from;
  let bytes = 0;
  for (const packed of messages) {
    if (bytes >= maxBytes) {
      nextOffset = readTo;
      break;
    }
    bytes += packed.read({ topic, partition }, from, records);
    readTo = packed.offset + 1n;
  }
  return { topic, partition: partitionName({ topic, partition }), records, nextOffset };
}
