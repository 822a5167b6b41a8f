/**
 * The port through which the drain writes. The adapter on MongoDB's driver implements it; no type of the driver but BSON
 * values leaves this folder.
 */

/** Usable as `_id`: a string, number, boolean, ObjectId or Binary, or an object of such. */
export type DocumentId = unknown;

/**
 * What decides which of two records of one document id is newer, the higher epoch before all else:
 * - `offset`: in one partition the offset; across partitions the timestamp, then the partition;
 * - `timestamp`: the timestamp, then partition and offset;
 * - `declared`: what the records themselves declare, then as `timestamp`.
 */
export type VersionOrder = 'offset' | 'timestamp' | 'declared';

/** A BSON value that `toVersionValue` has made comparable, or an array of such and null. */
export type VersionValue = bigint | string | object;

/** What orders two records of one document id; stored as the document's reserved field `_kafka`. */
export interface Version {
  /** Kafka's own notation topic-partition: `orders-3`. */
  partition: string;
  offset: bigint;
  timestampMs: number;
  /** From the second epoch on; the first is not stored. */
  epoch: number;
  /** With the order `declared` alone; stored as `version`. */
  declared?: VersionValue | undefined;
}

/** What shall be stored under one document id. */
export type WriteModel = UpsertModel | DeleteModel;

export interface UpsertModel {
  kind: 'upsert';
  id: DocumentId;
  /** Same BSON id, same text: the key by which records are coalesced and replies matched. */
  idKey: string;
  version: Version;
  /**
   * The fields of the value in order, without `_id` and `_kafka`; a Map where plain objects would reorder integer-like keys. A `RawUpsert`
   * has none.
   */
  fields: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;
}

/**
 * A delete. With `purgeAt` it replaces the document by a marker that hides it and protects against resurrection until it is
 * purged; with `null` it removes the document, and nothing protects against an older record that comes later.
 */
export interface DeleteModel {
  kind: 'delete';
  id: DocumentId;
  idKey: string;
  version: Version;
  purgeAt: Date | null;
}

/** A record's content was refused by the server or can't be stored. Never an outage. */
export interface Rejection {
  model: WriteModel;
  code: WriteRejectionCode;
  /** Without record contents. */
  reason: string;
}

export const WRITE_REJECTION_CODES = [
  'TOO_LARGE',
  'NOT_STORABLE',
  'DUPLICATE_KEY',
  'VALIDATION_FAILED',
  'WRITE_REFUSED',
] as const;
export type WriteRejectionCode = (typeof WRITE_REJECTION_CODES)[number];

export interface WriteResult {
  inserted: number;
  updated: number;
  deleted: number;
  unchanged: number;
  rejected: Rejection[];
}

/**
 * Where a record failed. `validate`: what it became can't be a document of the collection; `write`: MongoDB refused it for
 * another reason.
 */
export const DEAD_LETTER_STAGES = ['decode', 'transform', 'id', 'version', 'validate', 'write'] as const;
export type DeadLetterStage = (typeof DEAD_LETTER_STAGES)[number];

export interface DeadLetter {
  /** `group|topic-partition@epoch|offset`. */
  id: string;
  pipeline: string;
  topic: string;
  partition: number;
  offset: bigint;
  timestampMs: number;
  epoch: number;
  stage: DeadLetterStage;
  code: string;
  /** Without record contents. */
  reason: string;
  /** Workflow id and run id, as a pointer to the history. */
  run: { workflowId: string; runId: string };
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly { name: string; value: Buffer | null }[];
}

export interface SinkListener {
  /** A command was answered or a resend begins: a sign of life. */
  alive: () => void;
}

export interface Sink {
  /** Refuses collections in which the guard can't hold. Errors: `COLLECTION_UNSUITABLE`, `MONGODB_REFUSED`, `MONGODB_UNAVAILABLE`. */
  check: () => Promise<void>;
  /**
   * Writes models of distinct document ids; each ends durably applied, superseded by a stored newer version, or rejected.
   * Resends on outages for at most 60 s. Soon after, models are used again, those of rejections, too: copy what is kept longer.
   * Errors: `WRITE_UNSETTLED`, `MONGODB_UNAVAILABLE`, `MONGODB_REFUSED`; then nothing may be committed.
   */
  write: (models: readonly WriteModel[], signal: AbortSignal) => Promise<WriteResult>;
  /** Insert-if-absent, acknowledged by a majority. */
  writeDeadLetters: (letters: readonly DeadLetter[], signal: AbortSignal) => Promise<void>;
  close: () => Promise<void>;
}

/**
 * The sink of a pipeline whose topics may have collections of their own; a `Sink` is one where all share the same.
 * `write` takes models of one topic's records.
 */
export interface PipelineSink extends Omit<Sink, 'write'> {
  write: (models: readonly WriteModel[], signal: AbortSignal, topic: string) => Promise<WriteResult>;
}
