import { setTimeout as sleep } from 'node:timers/promises';
import { DrainError } from '../errors.js';
import { commitOffsets, startHeartbeats } from './group-calls.js';
import { fencedText, groupInUse } from './errors.js';
import { createFetchSizing, type FetchSize, type FetchSizing } from './fetch-size.js';
import { createFetchesOut, type FetchesOut } from './fetches-out.js';
import type { GroupHooks } from './group-hooks.js';
import type { FetchedBatch, Group } from './internals.js';
import { fatal, isFence, isRebalance } from './kafka-errors.js';
import { startPositions, type Position } from './positions.js';
import { toRecordBatch } from './record-batch.js';
import { recycleRecords } from './record-reader.js';
import { returnWhenDone } from './response-memory.js';
import {
  partitionName,
  type BatchHandled,
  type Commit,
  type CommittedOffset,
  type ConsumeRequest,
  type PartitionName,
  type TopicPartition,
} from './source.js';

/** How long the broker holds back an empty fetch; also the pause where there is nothing to fetch. */
export const MAX_WAIT_MS = 500;
const PAUSE_MS = 50;

export interface MemberOptions {
  group: string;
  request: ConsumeRequest;
  fetchCommitted: () => Promise<ReadonlyMap<PartitionName, CommittedOffset>>;
  sizes: FetchSize;
  /** Called once, when the group is being left: what still hangs may be cut soon. */
  leaving: () => void;
  /** One of ours for whatever kafkajs throws. */
  classify: (error: unknown) => Error;
}

/** Our side of one membership in the group. */
export interface Member {
  hooks: GroupHooks;
  /** Resolves when it is committed. `onHandled`: by then everything in it is written, and nothing of it is read any more. */
  handle: (batch: FetchedBatch, onHandled: () => void) => Promise<void>;
  /** Between the beginning of a join and its success. */
  isJoining: () => boolean;
  /** What ended this membership, if it was not kafkajs's own trouble. */
  failure: () => { error: unknown } | undefined;
}

/**
 * What all of a member's callbacks share. The generation counts twice per join, at its beginning and at its end: whatever
 * was fetched or begun under another number is neither committed nor allowed to move a position.
 */
interface State extends MemberOptions {
  generation: number;
  joining: boolean;
  interruptions: number;
  sizing: FetchSizing;
  currentGroup: Group | undefined;
  failed: { error: unknown } | undefined;
  fetches: WeakMap<FetchedBatch, Fetch>;
  positions: Map<PartitionName, bigint>;
  out: FetchesOut;
  inHand: Set<{ generation: number; settled: Promise<unknown> }>;
}

/** Where a batch came from. */
interface Fetch {
  generation: number;
  /** Nothing of the batch is read any more. */
  done: (batch: FetchedBatch) => void;
}

export function createMember(options: MemberOptions): Member {
  const state: State = {
    ...options,
    generation: 0,
    joining: false,
    interruptions: 0,
    sizing: createFetchSizing(options.sizes),
    currentGroup: undefined,
    failed: undefined,
    fetches: new WeakMap(),
    positions: new Map(),
    out: createFetchesOut(),
    inHand: new Set(),
  };
  return {
    hooks: createHooks(state),
    handle: (batch, onHandled) => handleBatch(state, batch, onHandled),
    isJoining: () => state.joining,
    failure: () => state.failed,
  };
}

function createHooks(state: State): GroupHooks {
  return {
    joining: () => {
      state.generation += 1;
      state.joining = true;
      interrupted(state);
    },
    joined: (group) => takeUp(state, group),
    heartbeat: (beat) => beat(),
    fetch: (group, fetch) => fetchBatches(state, group, fetch),
    interrupted: () => interrupted(state),
    fenced: (error) => fence(state, error),
    leaving: state.leaving,
    stopping: () => state.request.signal.aborted || state.failed !== undefined,
  };
}

function interrupted(state: State): void {
  state.interruptions += 1;
  state.request.listener.interrupted();
}

/** The first failure is the one that counts; kafkajs gets it in a form on which it gives up at once. */
function fail(state: State, error: unknown): Error {
  state.failed ??= { error };
  return fatal(error instanceof Error ? error : new Error(String(error)));
}

function fence(state: State, cause: unknown): Error {
  const { code, message } = fencedText(state.group);
  return fail(state, new DrainError(code, message, { cause }));
}

/** After every join: begins each partition where the group stands, and commits the starts nobody has committed yet. */
async function takeUp(state: State, group: Group): Promise<void> {
  refuseServerAssignor(state, group);
  const assigned = group
    .assigned()
    .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  const committed: Committed = assigned.length > 0 ? await state.fetchCommitted() : new Map();
  const positions = positionsOf(state, assigned, committed);
  const starts = positions.flatMap(({ topic, partition, commit }) =>
    commit === null ? [] : [{ topic, partition, commit }],
  );
  if (starts.length > 0) await commitOffsets(group, starts, () => true);
  for (const { topic, partition, offset } of positions)
    group.seek({ topic, partition, offset: String(offset) });
  state.currentGroup = group;
  state.generation += 1;
  state.joining = false;
  state.positions = new Map(positions.map((position) => [partitionName(position), position.offset]));
  const { listener } = state.request;
  listener.assigned(assigned.map(partitionName));
  for (const position of positions) {
    const name = partitionName(position);
    const { metadata = '' } = position.commit ?? committed.get(name) ?? {};
    listener.committed(name, position.offset, metadata);
  }
}

type Committed = ReadonlyMap<PartitionName, CommittedOffset>;

function positionsOf(state: State, assigned: readonly TopicPartition[], committed: Committed): Position[] {
  const wanted = new Map(state.request.partitions.map((start) => [partitionName(start), start]));
  try {
    return startPositions(assigned, wanted, committed);
  } catch (error) {
    throw fail(state, error);
  }
}

/**
 * In a group of the newer protocol (KIP-848) the broker assigns partitions to classic members, too, by an assignor of its
 * own. It shows in the missing leader.
 */
function refuseServerAssignor(state: State, { leaderId }: Group): void {
  if (leaderId === null || leaderId === '') throw fail(state, groupInUse(state.group, []));
}

async function fetchBatches(
  state: State,
  group: Group,
  fetch: (group: Group) => Promise<FetchedBatch[]>,
): Promise<FetchedBatch[]> {
  const { listener } = state.request;
  const { generation, interruptions } = state;
  if (state.joining) {
    // Another fetcher has begun to join; what this one holds may belong to others by now.
    await sleep(PAUSE_MS);
    return [];
  }
  listener.fetching();
  if (Object.values(group.getActiveTopicPartitions()).every(({ size }) => size === 0)) {
    await sleep(MAX_WAIT_MS, undefined, { signal: state.request.signal }).catch(() => undefined);
    listener.fetched(0);
    return [];
  }
  state.sizing.apply(group);
  const batches = await state.out
    .during(() => fetch(group))
    .catch((error: unknown) => {
      interrupted(state);
      throw error;
    });
  if (state.interruptions === interruptions) listener.fetched(state.out.firstMs());
  if (state.generation !== generation) return [];
  state.sizing.learn(batches);
  const done = returnWhenDone(batches);
  for (const batch of batches) state.fetches.set(batch, { generation, done });
  return batches;
}

async function handleBatch(state: State, batch: FetchedBatch, onHandled: () => void): Promise<void> {
  const fetch = state.fetches.get(batch);
  if (fetch === undefined) return;
  const { generation } = fetch;
  await settledBefore(state, generation);
  const ended = state.request.signal.aborted || state.failed !== undefined;
  if (ended || generation !== state.generation || isStale(state, batch)) return;
  const work = workOn(state, batch, fetch, onHandled);
  const entry = { generation, settled: work.catch(() => undefined) };
  state.inHand.add(entry);
  try {
    await work;
  } finally {
    state.inHand.delete(entry);
  }
}

/** Fetched from another broker before the position moved on: when a partition's leader changes, kafkajs asks both. */
function isStale({ positions }: State, batch: FetchedBatch): boolean {
  return BigInt(batch.fetchedOffset) < (positions.get(partitionName(batch)) ?? 0n);
}

async function settledBefore({ inHand }: State, generation: number): Promise<void> {
  const older = [...inHand].filter((entry) => entry.generation < generation);
  await Promise.all(older.map((entry) => entry.settled));
}

async function workOn(state: State, batch: FetchedBatch, fetch: Fetch, onHandled: () => void): Promise<void> {
  const group = state.currentGroup;
  if (group === undefined) return;
  const stopHeartbeats = startHeartbeats(group);
  try {
    const handled = await callHandle(state, batch);
    fetch.done(batch);
    onHandled();
    if (fetch.generation === state.generation) await conclude(state, group, batch, handled);
  } finally {
    stopHeartbeats();
  }
}

async function callHandle(state: State, batch: FetchedBatch): Promise<BatchHandled> {
  try {
    const recordBatch = toRecordBatch(batch);
    const handled = await state.request.handle(recordBatch);
    recycleRecords(recordBatch.records);
    return handled;
  } catch (error) {
    throw fail(state, error);
  }
}

/** Commits, then moves the position; where a rebalance was faster, neither. */
async function conclude(
  state: State,
  group: Group,
  { topic, partition }: FetchedBatch,
  { commit, done }: BatchHandled,
): Promise<void> {
  const { generation } = state;
  const name = partitionName({ topic, partition });
  if (commit !== null) {
    try {
      await commitOffsets(group, [{ topic, partition, commit }], () => generation === state.generation);
    } catch (error) {
      if (generation !== state.generation) return;
      throw commitError(state, error);
    }
    tellCommitted(state, name, commit);
  }
  if (generation !== state.generation) return;
  if (done) group.pause([{ topic, partitions: [partition] }]);
  else if (commit === null) await sleep(PAUSE_MS);
  if (commit === null) return;
  state.positions.set(name, commit.offset);
  group.resolveOffset({ topic, partition, offset: String(commit.offset - 1n) });
}

/** Whoever keeps the books has broken down if it throws: kafkajs would go on by reading the committed batch once more. */
function tellCommitted(state: State, partition: PartitionName, { offset, metadata }: Commit): void {
  try {
    state.request.listener.committed(partition, offset, metadata);
  } catch (error) {
    throw fail(state, error);
  }
}

function commitError(state: State, error: unknown): Error {
  if (isFence(error)) return fence(state, error);
  if (state.request.signal.aborted && !isRebalance(error)) return fail(state, state.classify(error));
  return error instanceof Error ? error : new Error(String(error));
}
