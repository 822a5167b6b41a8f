import type { CommittedOffset, KafkaRecord } from '../../src/kafka/source.js';

/** An entry of the log: a record, or something invisible that takes an offset (a commit marker, an aborted record). */
export type LogEntry = { kind: 'record'; record: KafkaRecord } | { kind: 'invisible'; offset: bigint };

/** What the brokers keep: the log, and what the group has committed. Shared by all processes. */
export interface FakeLog {
  clusterId: string;
  topicId: string;
  topic: string;
  partitions: { entries: LogEntry[]; end: bigint }[];
  committed: Map<number, CommittedOffset>;
}

export function createLog(topic: string, partitions: number): FakeLog {
  return {
    clusterId: 'simulated',
    topicId: 'topic-1',
    topic,
    partitions: Array.from({ length: partitions }, () => ({ entries: [], end: 0n })),
    committed: new Map(),
  };
}

export interface NewRecord {
  key: string | null;
  value: string | null;
  timestampMs: number;
}

export function appendRecord(log: FakeLog, partition: number, { key, value, timestampMs }: NewRecord): void {
  const target = partitionOf(log, partition);
  const record: KafkaRecord = {
    topic: log.topic,
    partition,
    offset: target.end,
    timestampMs,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [],
  };
  target.entries.push({ kind: 'record', record });
  target.end += 1n;
}

export function appendInvisible(log: FakeLog, partition: number): void {
  const target = partitionOf(log, partition);
  target.entries.push({ kind: 'invisible', offset: target.end });
  target.end += 1n;
}

/** Offsets that compaction has taken away: nothing is there at all. */
export function appendGap(log: FakeLog, partition: number, size: number): void {
  partitionOf(log, partition).end += BigInt(size);
}

export function partitionOf(log: FakeLog, partition: number): FakeLog['partitions'][number] {
  const found = log.partitions[partition];
  if (found === undefined) throw new Error(`no partition ${String(partition)}`);
  return found;
}

export function recordsOf(log: FakeLog): KafkaRecord[] {
  return log.partitions.flatMap((_, partition) => recordsIn(log, partition, 0n));
}

/** The records of one partition from one offset up to another. */
export function recordsIn(log: FakeLog, partition: number, from: bigint, to?: bigint): KafkaRecord[] {
  const { entries, end } = partitionOf(log, partition);
  return entries.flatMap((entry) => {
    const inside = offsetOf(entry) >= from && offsetOf(entry) < (to ?? end);
    return inside && entry.kind === 'record' ? [entry.record] : [];
  });
}

export function offsetOf(entry: LogEntry): bigint {
  return entry.kind === 'record' ? entry.record.offset : entry.offset;
}
