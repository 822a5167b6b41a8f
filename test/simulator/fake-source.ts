import { DrainError } from '../../src/errors.js';
import type {
  BatchHandled,
  Commit,
  CommittedOffset,
  ConsumeRequest,
  PartitionStart,
  RecordBatch,
  Source,
  LogState,
  PartitionName,
} from '../../src/kafka/source.js';
import type { FakeGroup, GroupMember } from './fake-group.js';
import { offsetOf, partitionOf, type FakeLog } from './fake-log.js';
import type { SimulatedProcess } from './process.js';
import type { Random } from './random.js';
import type { VirtualTime } from './time.js';

/** What may go wrong between the drain and Kafka. */
export interface SourcePerils {
  /** A fetch fails and is tried again. */
  outage: number;
  /** A commit is applied, but its answer is lost and the connection is given up. */
  lostCommit: number;
}

export interface FakeSourceOptions {
  log: FakeLog;
  group: FakeGroup;
  process: SimulatedProcess;
  time: VirtualTime;
  random: Random;
  perils: SourcePerils;
  /** Told of every commit at the moment it takes effect. */
  onCommit: (partition: number, before: CommittedOffset | null, commit: Commit) => void;
}

const FETCH_WAIT_MS = 500;
const LARGEST_BATCH = 12;

/** `Source` on a fake log, with the group protocol as the drain sees it: rebalances, fencing, commits under a generation. */
export function createFakeSource(options: FakeSourceOptions): Source {
  const { log, process } = options;
  const closing = new AbortController();
  return {
    inspect: async () => {
      await process.step();
      return stateOf(log);
    },
    offsetsAt: async (timestampMs) => {
      await process.step();
      return new Map(
        log.partitions.map((_, partition) => [nameIn(log, partition), offsetAt(log, partition, timestampMs)]),
      );
    },
    committed: async () => {
      await process.step();
      return new Map([...log.committed].map(([partition, commit]) => [nameIn(log, partition), commit]));
    },
    consume: (request) =>
      consume(options, { ...request, signal: AbortSignal.any([request.signal, closing.signal]) }),
    close: () => {
      closing.abort();
      return Promise.resolve();
    },
  };
}

/** What the brokers say of the log. */
export function stateOf(log: FakeLog): LogState {
  const { clusterId, topic, topicId } = log;
  const partitions = log.partitions.map(({ end }, partition) => ({
    topic,
    partition,
    low: 0n,
    end,
    committed: log.committed.get(partition) ?? null,
  }));
  return { clusterId, topics: [{ topic, topicId }], otherTopics: [], partitions };
}

function offsetAt(log: FakeLog, partition: number, timestampMs: number): bigint {
  const { entries, end } = partitionOf(log, partition);
  const found = entries.find((entry) => entry.kind === 'record' && entry.record.timestampMs >= timestampMs);
  return found === undefined ? end : offsetOf(found);
}

interface Membership extends FakeSourceOptions {
  request: ConsumeRequest;
  member: GroupMember;
  done: Set<number>;
}

async function consume(options: FakeSourceOptions, request: ConsumeRequest): Promise<void> {
  const { group, process } = options;
  const wanted = new Set(request.partitions.map(({ partition }) => partition));
  const membership: Membership = { ...options, request, member: { process, wanted }, done: new Set() };
  await process.step();
  if (request.signal.aborted) return;
  group.join(membership.member);
  try {
    for (;;) {
      const generation = group.generation();
      const positions = await takeUp(membership);
      await serve(membership, generation, positions);
      if (!group.isMember(membership.member)) throw fenced();
      if (isAborted(request)) return;
    }
  } finally {
    group.leave(membership.member);
  }
}

function isAborted({ signal }: ConsumeRequest): boolean {
  return signal.aborted;
}

function fenced(): DrainError {
  return new DrainError('FENCED', 'the group has declared this member dead');
}

/** Begins each partition where the group stands, after committing the starts that nobody has committed yet. */
async function takeUp(membership: Membership): Promise<Map<number, bigint>> {
  const { request, group, member, process, log } = membership;
  await process.step();
  if (!group.isMember(member)) throw fenced();
  const assigned = group.assignment(member);
  const starts = new Map(request.partitions.map((start) => [start.partition, start]));
  for (const partition of assigned) commitStart(membership, starts.get(partition));
  const positions = new Map(assigned.map((partition) => [partition, positionIn(log, partition)]));
  request.listener.assigned(assigned.map((partition) => nameIn(log, partition)));
  for (const [partition, offset] of positions)
    request.listener.committed(nameIn(log, partition), offset, log.committed.get(partition)?.metadata ?? '');
  return positions;
}

function positionIn({ committed }: FakeLog, partition: number): bigint {
  const offset = committed.get(partition)?.offset;
  if (offset !== undefined) return offset;
  throw new DrainError('OFFSET_OUT_OF_RANGE', 'the committed offset is gone');
}

function commitTo({ log, onCommit }: Membership, partition: number, commit: Commit): void {
  const before = log.committed.get(partition) ?? null;
  log.committed.set(partition, commit);
  onCommit(partition, before, commit);
}

function commitStart(membership: Membership, wanted: PartitionStart | undefined): void {
  const { partition, start } = wanted ?? {};
  if (partition === undefined || start === undefined || start === null) return;
  if ((membership.log.committed.get(partition)?.offset ?? null) !== start.replaces) return;
  commitTo(membership, partition, { offset: start.offset, metadata: start.metadata });
}

/** Fetches and hands out batches until the generation ends or the drain has enough. */
async function serve(
  membership: Membership,
  generation: number,
  positions: Map<number, bigint>,
): Promise<void> {
  const { request, group, process, random, perils, time, done } = membership;
  while (!request.signal.aborted && group.generation() === generation) {
    request.listener.fetching();
    await process.step();
    if (random.chance(perils.outage)) {
      request.listener.interrupted();
      await time.sleep(random.integer(100, 2_000));
      continue;
    }
    const open = [...positions].filter(([partition]) => !done.has(partition));
    const batches = open.flatMap(([partition, position]) => fetchFrom(membership, partition, position));
    if (batches.length === 0) await time.sleep(FETCH_WAIT_MS);
    request.listener.fetched(0);
    const settled = await Promise.allSettled(
      batches.map((batch) => handleBatch(membership, generation, positions, batch)),
    );
    const failure = settled.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }
}

function nameIn({ topic }: FakeLog, partition: number): PartitionName {
  return `${topic}-${partition}`;
}

function fetchFrom({ log, random }: Membership, partition: number, position: bigint): RecordBatch[] {
  const { entries, end } = partitionOf(log, partition);
  if (position >= end) return [];
  const from = entries.findIndex((entry) => offsetOf(entry) >= position);
  const taken = from < 0 ? [] : entries.slice(from, from + random.integer(1, LARGEST_BATCH));
  const next = from < 0 ? undefined : entries[from + taken.length];
  const records = taken.flatMap((entry) => (entry.kind === 'record' ? [entry.record] : []));
  const { topic } = log;
  const name = nameIn(log, partition);
  return [{ topic, partition: name, records, nextOffset: next === undefined ? end : offsetOf(next) }];
}

async function handleBatch(
  membership: Membership,
  generation: number,
  positions: Map<number, bigint>,
  batch: RecordBatch,
): Promise<void> {
  const { request, group, process, member, done, random, perils } = membership;
  const partition = Number(batch.partition.slice(batch.topic.length + 1));
  const { commit, done: isDone }: BatchHandled = await request.handle(batch);
  await process.step();
  if (!group.isMember(member)) throw fenced();
  if (group.generation() !== generation) return;
  if (commit !== null) {
    commitTo(membership, partition, commit);
    if (random.chance(perils.lostCommit)) throw new DrainError('KAFKA_UNAVAILABLE', 'the answer was lost');
    await process.step();
    request.listener.committed(batch.partition, commit.offset, commit.metadata);
    positions.set(partition, commit.offset);
  }
  if (isDone) done.add(partition);
}
