import type { KafkaRecord } from './source.js';

/**
 * The parts of kafkajs 2.2.4 that our patches and hooks touch and its typings don't tell. Only the fields we use.
 */

/** One record as our decoder makes it (`batch-decoder.ts`). */
export interface DecodedRecord extends KafkaRecord {
  /** Control records are hidden from handlers but count for the position. */
  isControlRecord: boolean;
  batchContext: BatchContext;
}

export interface BatchContext {
  producerId: string;
  inTransaction: boolean;
}

export interface DecodedBatch {
  records: DecodedRecord[];
  /** Which the batch covers, whether or not a record is there. */
  lastOffset: bigint;
  /** Where the next batch begins. */
  end: number;
  /** What the records take in memory, about. */
  bytes: number;
}

/** A message as kafkajs decodes those of Kafka before 0.11. */
export interface OldMessage {
  offset: string;
  timestamp?: string;
  key: Buffer | null;
  value: Buffer | null;
}

export interface FetchedPartition {
  abortedTransactions: { producerId: string; firstOffset: string }[] | null;
  messages: DecodedRecord[];
}

export interface FetchResponse {
  responses: { partitions: FetchedPartition[] }[];
}

export interface Decoder {
  buffer: Buffer;
  readInt32: () => number;
  readBytes: (length: number) => Buffer;
  canReadBytes: (length: number) => boolean;
}

/** What one fetch brought of one partition (`consumer/batch.js`). */
export interface FetchedBatch {
  topic: string;
  partition: number;
  rawMessages: readonly DecodedRecord[];
  messages: readonly DecodedRecord[];
  firstOffset: () => string | null;
  lastOffset: () => string;
}

export interface OffsetsToCommit {
  topics: { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[];
}

/** A member of a consumer group (`consumer/consumerGroup.js`). */
export interface Group {
  groupId: string;
  memberId: string | null;
  leaderId: string | null;
  generationId: number | null;
  assigners: readonly object[];
  offsetManager: { nextOffset: (topic: string, partition: number) => { toString: () => string } };
  joinAndSync: () => Promise<void>;
  heartbeat: (options: { interval: number }) => Promise<void>;
  fetch: (nodeId: string) => Promise<FetchedBatch[]>;
  recoverFromFetch: (error: unknown) => Promise<void>;
  recoverFromOffsetOutOfRange: (error: OffsetOutOfRange) => Promise<void>;
  leave: () => Promise<void>;
  commitOffsets: (offsets: OffsetsToCommit) => Promise<void>;
  resolveOffset: (last: { topic: string; partition: number; offset: string }) => void;
  seek: (next: { topic: string; partition: number; offset: string }) => void;
  pause: (partitions: { topic: string; partitions: number[] }[]) => void;
  assigned: () => { topic: string; partitions: number[] }[];
  getActiveTopicPartitions: () => Record<string, ReadonlySet<number>>;
}

export interface OffsetOutOfRange {
  topic: string;
  partition: number;
}
