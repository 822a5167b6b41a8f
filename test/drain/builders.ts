import { toPipeline } from '../../src/config/pipelines.js';
import type { DocumentIdRule, PipelineSettings } from '../../src/config/settings.js';
import type { Plan, PlannedPartition, PreviousRun, RecordCounts, TopicResult } from '../../src/contract.js';
import type { Books } from '../../src/drain/books.js';
import { encodeMark, type CommitMark, type RunMark } from '../../src/drain/commit-mark.js';
import type { Fields } from '../../src/drain/decode.js';
import { createKeyReaders, documentIdOf } from '../../src/drain/document-id.js';
import type { IdOutcome } from '../../src/drain/id-values.js';
import type { BadOne } from '../../src/drain/tolerance.js';
import type { CommittedOffset, KafkaRecord, LogState, PartitionState } from '../../src/kafka/source.js';
import type { UpsertModel, Version } from '../../src/mongodb/sink.js';

/** 2026-01-01; timestamps of the builders are this plus the offset, in milliseconds. */
export const BASE_TIME = Date.UTC(2026, 0, 1);
export const NOW = new Date('2026-01-02T00:00:00.000Z');
export const HOUR_MS = 3_600_000;

/** A batch's place. */
export const ORDERS_0 = { topic: 'orders', partition: 'orders-0' } as const;

/** A pipeline "orders" with the defaults of the configuration. */
export function pipeline(overrides: Partial<PipelineSettings> = {}): PipelineSettings {
  return { ...toPipeline('orders', { topic: 'orders' }, 'shop'), ...overrides };
}

/** The document id by a rule, without a schema registry. */
export function idBy(rule: DocumentIdRule, of: KafkaRecord, fields: Fields | null, epoch = 1): IdOutcome {
  return documentIdOf(rule, of, fields, epoch, createKeyReaders(pipeline({ documentId: rule }), null));
}

export interface RecordOverrides extends Partial<Omit<KafkaRecord, 'key' | 'value'>> {
  key?: string | Buffer | null;
  value?: string | Buffer | null;
}

export function record({ key, value, ...rest }: RecordOverrides = {}): KafkaRecord {
  const { offset = 1n } = rest;
  return {
    topic: 'orders',
    partition: 0,
    offset,
    timestampMs: BASE_TIME + Number(offset),
    key: bytes(key, 'o-1'),
    value: bytes(value, '{"status":"new"}'),
    headers: [],
    ...rest,
  };
}

function bytes(given: string | Buffer | null | undefined, otherwise: string): Buffer | null {
  return given === null ? null : Buffer.from(given ?? otherwise);
}

export function version(overrides: Partial<Version> = {}): Version {
  const { offset = 1n } = overrides;
  return { partition: 'orders-0', offset, timestampMs: BASE_TIME + Number(offset), epoch: 1, ...overrides };
}

export function upsert(id: string, overrides: Partial<Version> = {}): UpsertModel {
  return { kind: 'upsert', id, idKey: id, version: version(overrides), fields: {} };
}

/** Books of so many records read, all of them inserted unless told otherwise. */
export function books(read: number, overrides: Partial<RecordCounts> = {}): Books {
  const none = { updated: 0, deleted: 0, unchanged: 0, coalesced: 0, skipped: 0, deadLettered: 0 };
  return { counts: { read, inserted: read, ...none, ...overrides }, bytes: read * 10 };
}

export function runMark(overrides: Partial<RunMark> = {}): RunMark {
  const own = { run: 'run-1', attempt: 1, at: '2026-01-01T23:00:00.000Z', from: '40', lost: [] };
  return { ...own, books: books(0), ...overrides };
}

export function mark(overrides: Partial<CommitMark> = {}): CommitMark {
  return { ...runMark(), epoch: 1, rule: null, others: [], ...overrides };
}

/** An offset committed by us. */
export function ours(offset: bigint, overrides: Partial<CommitMark> = {}): CommittedOffset {
  return { offset, metadata: encodeMark(mark(overrides)) };
}

/** An offset committed by somebody else: Kafka's own tool, another consumer. */
export function foreign(offset: bigint, metadata = ''): CommittedOffset {
  return { offset, metadata };
}

/** By default 100 records, the first 40 of them deleted by retention, nothing committed. */
export function partitionState(overrides: Partial<PartitionState> = {}): PartitionState {
  return { topic: 'orders', partition: 0, low: 40n, end: 100n, committed: null, ...overrides };
}

export function topicState(
  partitions: Partial<PartitionState>[] = [{}],
  overrides: Partial<LogState> = {},
): LogState {
  return {
    clusterId: 'cluster-1',
    topics: [{ topic: 'orders', topicId: 'topic-1' }],
    otherTopics: [],
    partitions: partitions.map((state, partition) => partitionState({ partition, ...state })),
    ...overrides,
  };
}

/** What the broker says of the one topic. */
export function withTopicId(topicId: string | null): Pick<LogState, 'topics'> {
  return { topics: [{ topic: 'orders', topicId }] };
}

export function topicResult(overrides: Partial<TopicResult> = {}): TopicResult {
  const counts = { partitions: 1, read: 0, lagBefore: 0, lagAfter: 0 };
  return { topic: 'orders', topicId: 'topic-1', ...counts, ...overrides };
}

/** What the previous successful run left: per partition its end and what it had committed. */
export function previousRun(
  partitions: { end?: string; committed: string | null }[],
  overrides: Partial<PreviousRun> = {},
): PreviousRun {
  return {
    clusterId: 'cluster-1',
    topic: 'orders',
    topics: [topicResult()],
    group: 'drain-orders',
    epoch: 1,
    quietSince: null,
    unlisted: '',
    partitions: partitions.map(({ end, committed }, partition) => ({
      topic: 'orders',
      partition,
      start: '40',
      end: end ?? committed ?? '40',
      committed,
      read: 0,
    })),
    ...overrides,
  };
}

export function plan(partitions: Partial<PlannedPartition>[] = [{}], overrides: Partial<Plan> = {}): Plan {
  return {
    pipeline: 'orders',
    clusterId: 'cluster-1',
    topic: 'orders',
    topics: [{ topic: 'orders', topicId: 'topic-1' }],
    group: 'drain-orders',
    collection: 'shop.orders',
    epoch: 1,
    fingerprint: 'f',
    plannedAt: NOW.toISOString(),
    nothingToDo: false,
    searchAttributes: false,
    catchUp: true,
    quietSince: null,
    lagBefore: 60,
    continuity: 'first',
    warnings: [],
    lost: [],
    partitions: partitions.map((planned, partition) => ({
      topic: 'orders',
      partition,
      start: '40',
      end: '100',
      committed: null,
      ...planned,
    })),
    ...overrides,
  };
}

/** Reproducible numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** So many bad records from offset 70 on: the first without a key, the others no JSON. */
export function badOnes(count: number): BadOne[] {
  return Array.from({ length: count }, (_, index) => ({
    record: { offset: BigInt(70 + index) },
    code: index === 0 ? 'ID_MISSING' : 'NOT_JSON',
    reason: index === 0 ? 'the record has no key' : 'the value is not valid JSON',
  }));
}
