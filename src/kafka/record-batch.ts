import type { FetchedBatch } from './internals.js';
import { partitionName, type KafkaRecord, type RecordBatch } from './source.js';

/**
 * What the records of a partition that are handled at once may take, decompressed and with `RECORD_BYTES` for each; what is left of
 * their fetch is fetched again. 4 MiB that aren't compressed are less, if records have 200 B or more; of a partition that is alone up to
 * 8 MiB are fetched, and how much of that is handled is learnt (`fetch-size.ts`). Of compressed topics more would only take memory: with 32 MiB a drain took 200 to 300 MB more for records that compress to a tenth, and was slower.
 */
export const MAX_HANDLED_BYTES = 8 * 1024 * 1024;

/**
 * What kafkajs fetched of a partition in our words, decoded: all of it, or as much as there is room for. Keys and values are
 * slices of the fetch response, or of what that decompresses to; this memory is used again when everything in it is handled: copy what is
 * kept. The limit is for the message sets of Kafka before 0.11: of others no more is decoded (`decode-patch.ts`).
 * Errors: `RECORDS_DAMAGED`; `RangeError` where lengths in a batch contradict each other.
 */
export function toRecordBatch(batch: FetchedBatch, maxBytes = MAX_HANDLED_BYTES): RecordBatch {
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
