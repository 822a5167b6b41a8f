/**
 * The port through which the drain reads Kafka. The kafkajs adapter implements it; no type of the library leaves this
 * folder. Offsets are `bigint`, always the next offset to read.
 */

export interface TopicPartition {
  topic: string;
  partition: number;
}

/** Kafka's own notation of one partition of one topic: `orders-3`. What the drain knows a partition by. */
export type PartitionName = `${string}-${number}`;

export function partitionName({ topic, partition }: TopicPartition): PartitionName {
  // Records come in long rows of one partition, and each of them keeps its name for a while.
  if (topic !== last.topic || partition !== last.partition)
    last = { topic, partition, name: `${topic}-${partition}` };
  return last.name;
}

let last: TopicPartition & { name: PartitionName } = { topic: '', partition: 0, name: '-0' };

/** Valid while its batch is handled: what is made for it is used again. */
export interface KafkaRecord {
  topic: string;
  partition: number;
  offset: bigint;
  /** Milliseconds since 1970; -1: none. */
  timestampMs: number;
  /** Key and value are slices of what one fetch brought: copy what is kept longer. */
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly RecordHeader[];
  /** Of key and value together, where it is known without looking at them. */
  bytes?: number;
  /** Where key and value are, for who needs no `Buffer` of their own; left out where nobody knows. */
  places?: RecordPlaces;
}

/** Places in the bytes of a batch, valid as long as those are. A length of -1: null. */
export interface RecordPlaces {
  readonly buffer: Buffer;
  readonly keyAt: number;
  readonly keyBytes: number;
  readonly valueAt: number;
  readonly valueBytes: number;
}

export interface RecordHeader {
  name: string;
  value: Buffer | null;
}

export interface CommittedOffset {
  offset: bigint;
  metadata: string;
}

export interface PartitionState extends TopicPartition {
  /** First kept offset (low watermark). */
  low: bigint;
  /** The last stable offset. */
  end: bigint;
  /** What the group has committed; `null`: nothing. Negative offsets other than -1 are passed on as they are. */
  committed: CommittedOffset | null;
}

export interface TopicIdentity {
  topic: string;
  /** Kafka's own id of this incarnation of the topic, new after delete and create; `null`: the broker doesn't tell (before 2.8). */
  topicId: string | null;
}

/** The topics of a pipeline as the brokers have them. */
export interface LogState {
  clusterId: string;
  /** Sorted by name. */
  topics: TopicIdentity[];
  /** The names of all others in the cluster; none for a pipeline that names its topics, since nobody asks for all of them then. */
  otherTopics: string[];
  /** Sorted by topic and partition. */
  partitions: PartitionState[];
}

/** Consecutive records of one partition, handled together. May hold no records at all (only control records, aborted or compacted ones). */
export interface RecordBatch {
  topic: string;
  partition: PartitionName;
  records: readonly KafkaRecord[];
  /** After the last record and after whatever invisible follows it in this fetch. */
  nextOffset: bigint;
}

export interface Commit {
  offset: bigint;
  metadata: string;
}

export interface BatchHandled {
  /**
   * Committed by the source right away. May lie before the batch's `nextOffset`: then only a first part of the batch was
   * handled, and unless `done`, reading goes on at `commit.offset`. `null`: nothing was handled.
   */
  commit: Commit | null;
  /** Whether this partition has reached its end: it is paused, the rest of the fetch is dropped. */
  done: boolean;
}

export interface ConsumeRequest {
  /** Partitions this member wants; the assignor gives it no others. */
  partitions: readonly PartitionStart[];
  /**
   * Returns when everything in the batch is durably written, and nothing of it is kept: its memory is used again. Never called
   * twice at once for one partition.
   */
  handle: (batch: RecordBatch) => Promise<BatchHandled>;
  listener: SourceListener;
  /** Aborted: the batches in hand are finished and committed, the group is left, `consume` returns. */
  signal: AbortSignal;
}

export interface PartitionStart extends TopicPartition {
  /**
   * Committed, and reading begins there, before the first batch of the partition is handled, but only if the group's
   * committed offset is then still exactly `replaces` (`null`: none): another member may have moved on meanwhile, then its
   * commit wins. `null`: reading begins at what is committed.
   */
  start: (Commit & { replaces: bigint | null }) | null;
}

/** Called synchronously; must not throw. */
export interface SourceListener {
  /** Joined, or rejoined after a rebalance; an empty list: all are with other members. */
  assigned: (partitions: readonly PartitionName[]) => void;
  /** A fetch was sent. */
  fetching: () => void;
  /**
   * A fetch came back without error, with or without records.
   * @param outMs for how long the first of those has been out that are unanswered; 0: none is.
   */
  fetched: (outMs: number) => void;
  /**
   * A join begins, the first, or one more try, or after a rebalance; or a connection is being re-established. Waiting isn't
   * idleness.
   */
  interrupted: () => void;
  /**
   * A commit of ours was acknowledged. Also after every join (right after `assigned`, before any batch), for each assigned
   * partition, with what the group has committed by then: another member of ours may have drained it meanwhile.
   */
  committed: (partition: PartitionName, offset: bigint, metadata: string) => void;
}

export interface Source {
  /**
   * Low watermarks, ends and committed offsets of the topics, by the admin client alone (no group membership). A pattern is
   * matched anew each time; no topic that matches is an error like one that isn't there.
   * Errors: `TOPIC_NOT_FOUND`, `KAFKA_UNAVAILABLE`, `KAFKA_REFUSED`.
   */
  inspect: () => Promise<LogState>;
  /** The first offset with a timestamp at or after the given one, per partition; the end where there is none. */
  offsetsAt: (timestampMs: number) => Promise<ReadonlyMap<PartitionName, bigint>>;
  /** Just what the group has committed. Cheap: asked every second while another member owns a planned partition. */
  committed: () => Promise<ReadonlyMap<PartitionName, CommittedOffset>>;
  /**
   * Joins the group and hands out batches until the signal is aborted. Rejects with `GROUP_IN_USE`, `FENCED`,
   * `OFFSET_OUT_OF_RANGE`, `UNSUPPORTED_CODEC`, `RECORDS_DAMAGED`, `KAFKA_UNAVAILABLE`, `KAFKA_REFUSED`, or whatever `handle` rejected with.
   * Always leaves the group.
   */
  consume: (request: ConsumeRequest) => Promise<void>;
  /** Closes every connection, within a few seconds whatever their state. */
  close: () => Promise<void>;
}
