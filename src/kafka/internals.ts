import type { KafkaRecord, TopicPartition } from './source.js';

/**
 * The parts of kafkajs 2.2.4 that our patches and hooks touch and its typings don't tell. Only the fields we use.
 */

/**
 * The records of one batch of the log, decompressed but not decoded. Stands where kafkajs has one message, of whose fields it
 * reads the first two.
 */
export interface PackedRecords {
  /** The last that the batch covers, whether or not a record is there. */
  offset: bigint;
  /** Whether it is hidden from handlers, as control records and aborted ones are; it counts for the position. */
  isControlRecord: boolean;
  /** Its checksum doesn't fit: reading it is an error. */
  isDamaged: boolean;
  producerId: string;
  inTransaction: boolean;
  /** Of the whole response. */
  memory: ArrayBufferLike;
  /** Where the records are: in the response, unless they were compressed. */
  recordsIn: ArrayBufferLike;
  /** Appends the records from an offset on, and tells what they take in memory, about. Errors: `RECORDS_DAMAGED`; `RangeError` where its lengths contradict each other. */
  read: (place: TopicPartition, from: bigint, into: KafkaRecord[]) => number;
}

export interface DecodedBatch {
  packed: PackedRecords;
  /** Where the next batch begins. */
  end: number;
  /** What the records will take in memory when they are handled, about. */
  bytes: number;
  /** What they take until then, beside the response; nothing where they aren't compressed. */
  decompressedBytes: number;
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
  messages: PackedRecords[];
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
  /** From where it was fetched; the records before it, which share a batch of the log with it, aren't wanted. */
  fetchedOffset: string;
  /** Without the hidden ones. */
  messages: readonly PackedRecords[];
  /** Whether nothing was fetched, not even something hidden. */
  isEmpty: () => boolean;
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
  /** Read when a fetch request is built. */
  maxBytes: number;
  maxBytesPerPartition: number;
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

/** A connection to a broker (`network/connection.js`). */
export interface Connection {
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  /** While it logs in. */
  authHandlers: { onSuccess: (bytes: Buffer) => void } | null;
  /** Whether what it waits for meanwhile has the form of a response. */
  authExpectResponse: boolean;
  socket: { destroy: (error: Error) => unknown };
  requestQueue: {
    fulfillRequest: (response: { size: number; correlationId: number; payload: Buffer }) => void;
  };
  processData: (data: Buffer) => void;
}
