import type { DecodedRecord, FetchedBatch } from './internals.js';
import { partitionName, type RecordBatch } from './source.js';

/**
 * kafkajs's batch in our words. Its records, which didn't know where they are from, are told. Keys and values are slices of the
 * whole fetch response: they are valid only while the batch is handled, and whoever keeps one of them keeps megabytes; copy what is kept.
 */
export function toRecordBatch({ topic, partition, messages, lastOffset }: FetchedBatchView): RecordBatch {
  for (const message of messages) {
    message.topic = topic;
    message.partition = partition;
  }
  return {
    topic,
    partition: partitionName({ topic, partition }),
    records: messages,
    nextOffset: BigInt(lastOffset) + 1n,
  };
}

/** The batch with the last offset it covers, invisible records included. */
export interface FetchedBatchView {
  topic: string;
  partition: number;
  messages: readonly DecodedRecord[];
  lastOffset: string;
}

export function viewOf(batch: FetchedBatch): FetchedBatchView {
  const { topic, partition, messages } = batch;
  return { topic, partition, messages, lastOffset: batch.lastOffset() };
}
