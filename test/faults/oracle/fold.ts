import { BSON, Long } from 'mongodb';
import type { LogRecord } from './log.js';

/** What the oracle must know of a pipeline. */
export interface PipelineRule {
  group: string;
  /** `key`: the record's key as text; `coordinates`: `topic-partition-offset`, tombstones are skipped. */
  documentId: 'key' | 'coordinates';
}

/**
 * The header by which whoever produced a record says what must become of it; without it: a tombstone where the value is null,
 * otherwise a document. So the oracle needs no opinion on what is valid.
 */
export const EXPECT_HEADER = 'expect';
/** `dead-letter`: can't be decoded or has no usable id. `refused`: the database won't take it, if it ever gets there. */
export type Expectation = 'dead-letter' | 'refused';

export type Nature = 'document' | 'tombstone' | 'skipped' | Expectation;

export function natureOf(rule: PipelineRule, { value, headers }: LogRecord): Nature {
  const expected = headers.find(({ name }) => name === EXPECT_HEADER)?.value;
  if (expected === 'dead-letter' || expected === 'refused') return expected;
  if (value !== null) return 'document';
  return rule.documentId === 'coordinates' ? 'skipped' : 'tombstone';
}

/** The document id of a record that has one. */
export function idOf({ documentId }: PipelineRule, record: LogRecord): string {
  const { topic, partition, offset, epoch, key } = record;
  if (documentId === 'key') return textOf(key ?? '');
  const log = epoch > 1 ? `${topic}@${String(epoch)}` : topic;
  return `${log}-${String(partition)}-${String(offset)}`;
}

/** What orders two versions of one document id, as it is stored. */
export interface Version {
  epoch: number;
  /** `topic-partition`. */
  partition: string;
  offset: bigint;
  timestampMs: number;
}

export function versionOf({ epoch, topic, partition, offset, timestampMs }: LogRecord): Version {
  return { epoch, partition: `${topic}-${String(partition)}`, offset, timestampMs };
}

/**
 * The documented rule: higher epoch; in one partition the higher offset; across partitions the later timestamp, then the
 * greater partition name. Negative: `a` is older; 0: the same.
 */
export function compareVersions(a: Version, b: Version): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.partition === b.partition) return Number(a.offset - b.offset);
  if (a.timestampMs !== b.timestampMs) return a.timestampMs - b.timestampMs;
  return a.partition < b.partition ? -1 : 1;
}

/** The newest storable record of every document id. */
export function foldLog(rule: PipelineRule, log: Iterable<LogRecord>): Map<string, LogRecord> {
  const newest = new Map<string, LogRecord>();
  for (const record of log) {
    const nature = natureOf(rule, record);
    if (nature !== 'document' && nature !== 'tombstone') continue;
    const id = idOf(rule, record);
    const known = newest.get(id);
    if (known === undefined || compareVersions(versionOf(known), versionOf(record)) < 0)
      newest.set(id, record);
  }
  return newest;
}

/** The bytes that must be stored for a record; a tombstone's without its `purgeAt`, which depends on the run. */
export function expectedBytes(id: string, record: LogRecord): Uint8Array {
  const { partition, offset, timestampMs, epoch } = versionOf(record);
  const version = {
    partition,
    offset: Long.fromBigInt(offset),
    timestamp: timestampMs < 0 ? null : new Date(timestampMs),
    ...(epoch > 1 && { epoch }),
  };
  if (record.value === null) return BSON.serialize({ _id: id, _kafka: { ...version, deleted: true } });
  const fields = Object.entries(JSON.parse(textOf(record.value)) as object).filter(
    ([name]) => name !== '_id',
  );
  // A Map, since an object would put names that look like integers before `_id`.
  return BSON.serialize(new Map<string, unknown>([['_id', id], ...fields, ['_kafka', version]]));
}

/** The UTF-8 text of bytes that are kept one per character. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
