import { setTimeout as sleep } from 'node:timers/promises';
import { HOOKS } from './assignor.js';
import { fatal, isConnectionError, isFence, isRebalance, isUnavailableCoordinator } from './kafka-errors.js';
import type { FetchedBatch, Group } from './internals.js';
import { toRecordBatch } from './record-batch.js';
import type { KafkaRecord } from './source.js';

/** How long a join goes on while the group keeps rebalancing: four times our own rebalance timeout. */
const JOIN_LIMIT_MS = 60_000;
/** How long a coordinator may be unknown or loading; seen up to a few seconds on a new cluster's first group request. */
export const COORDINATOR_LIMIT_MS = 8_000;
const JOIN_PAUSE_MS = 200;
const CONNECTION_TRIES = 3;

/**
 * What a member of ours does at the points where kafkajs by itself would go on silently. The patched kafkajs calls these for
 * consumers that use our assignor and behaves as always for others.
 */
export interface GroupHooks {
  /** Before every join: from here on the old generation may end at any moment. */
  joining: () => void;
  /** Awaited after every join, before anything is fetched. A rebalance error makes it join again. */
  joined: (group: Group) => Promise<void>;
  /** Around every heartbeat, kafkajs's own after each fetch and those of batches in hand. */
  heartbeat: (beat: () => Promise<void>) => Promise<void>;
  /** Around every fetch from one broker, which may be one for a view of the group. */
  fetch: (group: Group, fetch: (group: Group) => Promise<FetchedBatch[]>) => Promise<FetchedBatch[]>;
  /** kafkajs swallows a fetch's error; or a join goes on, each of whose waits for the coordinator may take a rebalance timeout. */
  interrupted: () => void;
  /** The group gave this member up; returns the error that ends the consumer without another try. */
  fenced: (error: unknown) => Error;
  /** About to leave the group; whatever hangs from here on must be cut. */
  leaving: () => void;
  stopping: () => boolean;
}

interface Originals {
  join: (this: Group) => Promise<void>;
  sync: (this: Group) => Promise<void>;
}

/** The hooks of a group of ours; undefined: somebody else's consumer in this process. */
export function hooksOf(group: Group): GroupHooks | undefined {
  const assignor = group.assigners.find((a): a is { [HOOKS]: GroupHooks } => HOOKS in a);
  return assignor?.[HOOKS];
}

/** Replaces methods on the prototype of kafkajs's ConsumerGroup. */
export function installGroupHooks(prototype: Group): void {
  const original = { ...ownMethods(prototype), ...joinAndSyncOf(prototype) };
  const joining = new WeakMap<Group, Promise<void>>();
  const everJoined = new WeakSet<Group>();

  prototype.joinAndSync = function (this: Group) {
    const hooks = hooksOf(this);
    if (hooks === undefined) return original.joinAndSync.call(this);
    // Two fetchers may both find their metadata stale; two joins of one member at once confuse the coordinator.
    const running = joining.get(this) ?? joinUntilSettled(this, hooks, original, everJoined);
    joining.set(this, running);
    return running.finally(() => joining.delete(this));
  };

  prototype.heartbeat = async function (this: Group, options) {
    const hooks = hooksOf(this);
    if (hooks === undefined) return original.heartbeat.call(this, options);
    // A waiting join is a sign of life itself, and a heartbeat of the old generation would be refused.
    if (joining.has(this)) return;
    const generation = this.generationId;
    await hooks.heartbeat(async () => {
      try {
        await original.heartbeat.call(this, options);
      } catch (error) {
        // What a join has overtaken is no news.
        if (joining.has(this) || this.generationId !== generation) return;
        throw isFence(error) ? hooks.fenced(error) : error;
      }
    });
  };

  prototype.fetch = function (this: Group, nodeId) {
    const hooks = hooksOf(this);
    if (hooks === undefined) return original.fetch.call(this, nodeId).then(unpack);
    return hooks.fetch(this, (group) => original.fetch.call(group, nodeId));
  };

  prototype.recoverFromFetch = function (this: Group, error) {
    hooksOf(this)?.interrupted();
    return original.recoverFromFetch.call(this, error);
  };

  prototype.leave = function (this: Group) {
    hooksOf(this)?.leaving();
    return original.leave.call(this);
  };
}

/** For consumers that expect a record where ours have a batch of the log. */
function unpack(batches: FetchedBatch[]): FetchedBatch[] {
  for (const batch of batches)
    Object.assign(batch, { messages: toRecordBatch(batch, Infinity).records.map(toMessage) });
  return batches;
}

/** A plain object, which may be copied. */
function toMessage({ topic, partition, offset, timestampMs, key, value, headers }: KafkaRecord): KafkaRecord {
  return { topic, partition, offset, timestampMs, key, value, headers };
}

/** Detached on purpose: they are called with the group as `this`. */
function ownMethods(
  prototype: Group,
): Pick<Group, 'joinAndSync' | 'heartbeat' | 'fetch' | 'recoverFromFetch' | 'leave'> {
  const { joinAndSync, heartbeat, fetch, recoverFromFetch, leave } = prototype;
  return { joinAndSync, heartbeat, fetch, recoverFromFetch, leave };
}

function joinAndSyncOf(prototype: Group): Originals {
  const symbols = Object.getOwnPropertySymbols(prototype);
  const find = (name: string): (() => Promise<void>) => {
    const symbol = symbols.find((s) => s.description === `private:ConsumerGroup:${name}`);
    return Reflect.get(prototype, symbol ?? name) as () => Promise<void>;
  };
  return { join: find('join'), sync: find('sync') };
}

/**
 * Joins and syncs until a generation stands. kafkajs's own loop gives up after four rebalances in a row, and takes a member
 * that was declared dead back into the group, where it would steal partitions from its successor.
 */
async function joinUntilSettled(
  group: Group,
  hooks: GroupHooks,
  { join, sync }: Originals,
  everJoined: WeakSet<Group>,
): Promise<void> {
  const mayJoinAgain = createPatience();
  for (;;) {
    try {
      if (hooks.stopping()) throw new Error('stopped before joining');
      hooks.joining();
      await join.call(group);
      hooks.interrupted();
      await sync.call(group);
      hooks.interrupted();
      everJoined.add(group);
      await hooks.joined(group);
      return;
    } catch (error) {
      if (isFence(error) && everJoined.has(group)) throw hooks.fenced(error);
      if (!mayJoinAgain(error)) throw await giveUp(group, error);
      if (isFence(error)) group.memberId = null;
      if (!isRebalance(error)) await sleep(JOIN_PAUSE_MS);
    }
  }
}

/** How long one join may go on, by what keeps it from succeeding. */
function createPatience(): (error: unknown) => boolean {
  const startedAt = performance.now();
  let connectionErrors = 0;
  return (error) => {
    const elapsedMs = performance.now() - startedAt;
    if (isUnavailableCoordinator(error)) return elapsedMs < COORDINATOR_LIMIT_MS;
    if (isConnectionError(error)) return (connectionErrors += 1) <= CONNECTION_TRIES;
    return (isRebalance(error) || isFence(error)) && elapsedMs < JOIN_LIMIT_MS;
  };
}

/** A member that doesn't come to its generation must not stay, and kafkajs must not go on fetching without one. */
async function giveUp(group: Group, error: unknown): Promise<Error> {
  await group.leave().catch(() => undefined);
  return fatal(error instanceof Error ? error : new Error(String(error)));
}
