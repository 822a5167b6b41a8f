import type { FetchedBatch, FetchedRecord } from './internals.js';
import { partitionName, type KafkaRecord, type RecordBatch, type RecordHeader } from './source.js';

const NO_HEADERS: readonly RecordHeader[] = [];

/**
 * kafkajs's batch in our words. Keys and values are slices of the whole fetch response: they are valid only while the batch
 * is handled, and whoever keeps one of them keeps megabytes; copy what is kept.
 */
export function toRecordBatch({ topic, partition, messages, lastOffset }: FetchedBatchView): RecordBatch {
  return {
    topic,
    partition: partitionName({ topic, partition }),
    records: messages.map((message) => toRecord(topic, partition, message)),
    nextOffset: BigInt(lastOffset) + 1n,
  };
}

/** The batch with the last offset it covers, invisible records included. */
export interface FetchedBatchView {
  topic: string;
  partition: number;
  messages: readonly FetchedRecord[];
  lastOffset: string;
}

export function viewOf(batch: FetchedBatch): FetchedBatchView {
  const { topic, partition, messages } = batch;
  return { topic, partition, messages, lastOffset: batch.lastOffset() };
}

function toRecord(topic: string, partition: number, message: FetchedRecord): KafkaRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: toHeaders(message.headers),
  };
}

function toHeaders(headers: FetchedRecord['headers']): readonly RecordHeader[] {
  if (headers === undefined || headers.length === 0) return NO_HEADERS;
  return headers.map(({ key: name, value }) => ({ name, value }));
}
