import { setImmediate } from 'node:timers/promises';
import type { GroupHooks } from './group-hooks.js';
import type { FetchedBatch, Group } from './internals.js';
import { isConnectionError, rebalance } from './kafka-errors.js';
import type { Member } from './member.js';
import { partitionName, type PartitionName } from './source.js';

export interface BatchQueueOptions {
  member: Member;
  /** How many batches are handled at once; those that are being committed aren't counted. */
  concurrency: number;
  /** Aborted: the queue is closed. */
  signal: AbortSignal;
}

export interface BatchQueue {
  hooks: GroupHooks;
  /** What hasn't begun never does; resolves when nothing is handled any more. */
  close: () => Promise<void>;
}

/** Times `concurrency`: what is decompressed is there until it is committed. */
const MOST_UNCOMMITTED = 2;

interface State extends Omit<BatchQueueOptions, 'signal'> {
  waiting: FetchedBatch[];
  /** Partitions of which a batch waits or is handled. Their positions may still move, so that they aren't fetched. */
  inHand: Set<PartitionName>;
  /** Batches in hand, until they are committed. */
  handling: number;
  /** Of these, until they are written: a commit takes as long as a quarter of a batch, and costs next to nothing. */
  writing: Set<FetchedBatch>;
  /** What a batch in hand ended with, or a heartbeat met meanwhile; kafkajs is told by the next fetch. */
  trouble: { error: unknown } | undefined;
  /** How many there were: what was fetched in the meantime is dropped. */
  troubles: number;
  closed: boolean;
  /** How often something has begun or ended. */
  changes: number;
  /** Who waits for the next change. */
  wakers: (() => void)[];
}

/**
 * A member's hooks with which batches are handled while others are fetched. kafkajs waits until all that a fetch brought is handled
 * before it fetches again; here a fetch hands its batches over, kafkajs gets none of them, and the next fetch begins as soon as
 * all of them have, for the partitions of which nothing is in hand. What a batch ends with, or a heartbeat meets meanwhile, is thrown from
 * the next fetch, when nothing is handled any more: to kafkajs it is the same as a handler's error, and what is in hand is committed
 * before it joins again.
 */
export function createBatchQueue({ member, concurrency, signal }: BatchQueueOptions): BatchQueue {
  const state: State = {
    ...{ member, concurrency, closed: false },
    waiting: [],
    inHand: new Set(),
    handling: 0,
    writing: new Set(),
    trouble: undefined,
    ...{ troubles: 0, changes: 0 },
    wakers: [],
  };
  if (signal.aborted) close(state);
  else signal.addEventListener('abort', () => close(state), { once: true });
  return {
    hooks: {
      ...member.hooks,
      joining: () => {
        dropWaiting(state);
        // It was of the generation that ends; what ends the membership stays.
        if (member.failure() === undefined) state.trouble = undefined;
        member.hooks.joining();
      },
      heartbeat: (beat) => beat().catch((error: unknown) => hear(state, error)),
      fetch: async (group, fetch) => {
        await untilWorthAFetch(state, group);
        if (isGoingOn(state))
          await fetchMore(state, group, fetch).catch((error: unknown) => meet(state, error));
        await settle(state);
        return [];
      },
    },
    close: () => {
      close(state);
      return untilNothingIsHandled(state);
    },
  };
}

function close(state: State): void {
  state.closed = true;
  dropWaiting(state);
  wake(state);
}

function isGoingOn({ closed, trouble }: State): boolean {
  return !closed && trouble === undefined;
}

function wake(state: State): void {
  state.changes += 1;
  for (const waker of state.wakers.splice(0)) waker();
}

function change({ wakers }: State): Promise<void> {
  return new Promise((resolve) => wakers.push(resolve));
}

function dropWaiting({ waiting, inHand }: State): void {
  for (const batch of waiting.splice(0)) inHand.delete(partitionName(batch));
}

async function untilWorthAFetch(state: State, group: Group): Promise<void> {
  const { waiting, inHand } = state;
  const isWorthIt = (): boolean => waiting.length === 0 && (inHand.size === 0 || hasOthers(group, inHand));
  while (isGoingOn(state) && !isWorthIt()) await change(state);
}

/**
 * kafkajs would join at once, or end, while a batch is handled. A connection that is lost then is no news: the next heartbeat, or the
 * commit, meets it again.
 */
function hear(state: State, error: unknown): void {
  if (state.handling === 0 || !isConnectionError(error)) meet(state, error);
}

/** The first one counts, but what ends the membership comes before all others. */
function meet(state: State, error: unknown): void {
  if (state.trouble === undefined || state.member.failure() !== undefined) state.trouble = { error };
  state.troubles += 1;
  dropWaiting(state);
  wake(state);
}

/** kafkajs joins on an error of its fetch, and leaves the group when it has stopped and its fetch has returned: neither with a batch in hand. */
async function settle(state: State): Promise<void> {
  if (isGoingOn(state)) return;
  await untilNothingIsHandled(state);
  const { trouble } = state;
  if (!state.closed && trouble !== undefined) {
    state.trouble = undefined;
    throw trouble.error;
  }
  // It may ask a few times more, also where another broker's fetch has told it, and mustn't do so within one turn of the event loop.
  await setImmediate();
}

async function untilNothingIsHandled(state: State): Promise<void> {
  while (state.handling > 0) await change(state);
}

async function fetchMore(
  state: State,
  group: Group,
  fetch: (group: Group) => Promise<FetchedBatch[]>,
): Promise<void> {
  const { inHand, waiting, member, troubles, changes } = state;
  const fetched = await member.hooks.fetch(othersOf(state, group), fetch);
  const batches = fetched.filter((batch) => !batch.isEmpty() && !inHand.has(partitionName(batch)));
  if (state.closed || state.troubles !== troubles) return;
  if (batches.length === 0) {
    if (inHand.size > 0 && state.changes === changes) await change(state);
    return;
  }
  for (const batch of batches) inHand.add(partitionName(batch));
  waiting.push(...batches);
  begin(state);
}

function begin(state: State): void {
  while (state.writing.size < state.concurrency && state.handling < MOST_UNCOMMITTED * state.concurrency) {
    const next = state.waiting.shift();
    if (next === undefined) break;
    state.handling += 1;
    state.writing.add(next);
    void handle(state, next);
  }
  wake(state);
}

async function handle(state: State, batch: FetchedBatch): Promise<void> {
  const written = (): void => {
    state.writing.delete(batch);
    begin(state);
  };
  try {
    await state.member.handle(batch, written);
  } catch (error) {
    meet(state, error);
  } finally {
    state.writing.delete(batch);
    state.handling -= 1;
    state.inHand.delete(partitionName(batch));
    begin(state);
  }
}

function activeWithout(
  group: Group,
  partitions: ReadonlySet<PartitionName>,
): ReturnType<Group['getActiveTopicPartitions']> {
  const active = Object.entries(group.getActiveTopicPartitions()).map(([topic, all]) => {
    const others = [...all].filter((partition) => !partitions.has(partitionName({ topic, partition })));
    return [topic, new Set(others)] as const;
  });
  return Object.fromEntries(active);
}

function hasOthers(group: Group, partitions: ReadonlySet<PartitionName>): boolean {
  return Object.values(activeWithout(group, partitions)).some(({ size }) => size > 0);
}

/** The group as if it had only the partitions of which nothing is in hand now. */
function othersOf({ inHand: all }: State, group: Group): Group {
  const inHand = new Set(all);
  return Object.create(group, {
    getActiveTopicPartitions: { value: () => activeWithout(group, inHand) },
    // While something is in hand, a broker that has nothing of the others says so at once.
    ...(inHand.size > 0 && { maxWaitTime: { value: 0 } }),
    // Where a fetch meets stale metadata, kafkajs joins within it, whatever else is handled or fetched meanwhile.
    joinAndSync: { value: () => Promise.reject(rebalance()) },
  }) as Group;
}
