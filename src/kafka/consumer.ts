import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import { createAssignor } from './assignor.js';
import { RETRY, type KafkaClient } from './client.js';
import { HEARTBEAT_INTERVAL_MS } from './group-calls.js';
import { createBatchQueue } from './batch-queue.js';
import type { FetchSize } from './fetch-size.js';
import type { GroupHooks } from './group-hooks.js';
import { createMember, MAX_WAIT_MS, type Member, type MemberOptions } from './member.js';
import { patchedKafkaJs } from './patched-kafkajs.js';

/** How much is fetched and handled at once. */
export interface FetchSizes extends FetchSize {
  /** How many partitions are handled at once. */
  concurrentPartitions: number;
}

/**
 * What came of a partition is handled together, or as much of it as there is room for: the more, the more records of one id become
 * one write, and the more memory it takes.
 */
export const DEFAULT_FETCH_SIZES: FetchSizes = {
  maxBytesPerPartition: 4 * 1024 * 1024,
  maxBytesAlone: 8 * 1024 * 1024,
  maxBytes: 8 * 1024 * 1024,
  concurrentPartitions: 2,
};

/** After a kill the next run joins one session timeout later. */
const SESSION_TIMEOUT_MS = 10_000;
/** What a member may have in hand when others join: longer, and the group goes on without it. */
const REBALANCE_TIMEOUT_MS = 15_000;
/** How long leaving and closing may take before the sockets are cut. */
export const LEAVE_LIMIT_MS = 5_000;
/** How long connecting may still take when nobody wants it any more; no member is left behind by cutting it off. */
const CONNECT_ABORT_LIMIT_MS = 1_000;
/** How long a join that is no longer wanted may still take; cut off, its member would block the group for a session timeout. */
const JOIN_ABORT_LIMIT_MS = 15_000;

export interface ConsumerOptions extends Omit<MemberOptions, 'leaving'> {
  client: KafkaClient;
  /**
   * All topics of the pipeline, also those of which no partition is wanted now: while a group has members, Kafka lets its offsets
   * of the topics that none of them subscribes to expire (KIP-211).
   */
  topics: readonly string[];
  sizes: FetchSizes;
}

/**
 * One membership from join to leave. Resolves when the signal was aborted and everything in hand is settled; rejects with
 * what `handle` rejected with, or with whatever ended kafkajs's consumer, unclassified. The client is used up afterwards.
 */
export async function runConsumer(options: ConsumerOptions): Promise<void> {
  const { client, request, sizes } = options;
  const { signal } = request;
  const fuse = createFuse();
  const cut = (): void => client.cut('gave up waiting for Kafka while leaving the group');
  const leaving = (): void => fuse.light(LEAVE_LIMIT_MS, cut);
  const member = createMember({ ...options, leaving });
  const queue = createBatchQueue({ member, concurrency: sizes.concurrentPartitions, signal });
  const consumer = createConsumer(options, queue.hooks);
  try {
    await untilEnd(consumer, options, member, fuse);
  } catch (error) {
    // After an abort, trouble with the connection is nobody's concern; what was in hand has a failure of its own.
    if (!signal.aborted && member.failure() === undefined) throw error;
  } finally {
    await queue.close();
    await shutDown(consumer, client, member);
    fuse.extinguish();
  }
  const failure = member.failure();
  if (failure !== undefined) throw failure.error;
}

async function untilEnd(
  consumer: Consumer,
  { client, topics, request }: ConsumerOptions,
  member: Member,
  fuse: Fuse,
): Promise<void> {
  const crash = new Promise<never>((_, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
  });
  // It may come before anybody waits for it.
  crash.catch(() => undefined);
  const aborted = whenAborted(request.signal);
  let joined = false;
  void aborted.then(() => {
    if (joined) return;
    const cut = (): void => client.cut('gave up waiting for Kafka while joining the group');
    fuse.light(CONNECT_ABORT_LIMIT_MS, () =>
      member.isJoining() ? fuse.light(JOIN_ABORT_LIMIT_MS, cut) : cut(),
    );
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics] });
  // Resolves when the first join has succeeded or failed. Before that, `stop` would leave a member behind that nobody serves.
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    // The queue has them all.
    eachBatch: () => Promise.resolve(),
  });
  joined = true;
  fuse.extinguish();
  await Promise.race([crash, aborted]);
}

function createConsumer({ client, group, request, sizes }: ConsumerOptions, hooks: GroupHooks): Consumer {
  return client.kafka.consumer({
    groupId: group,
    partitionAssigners: [createAssignor(patchedKafkaJs().AssignerProtocol, request.partitions, hooks)],
    allowAutoTopicCreation: false,
    readUncommitted: false,
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_INTERVAL_MS,
    maxWaitTimeInMs: MAX_WAIT_MS,
    maxBytesPerPartition: sizes.maxBytesPerPartition,
    maxBytes: sizes.maxBytes,
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
  });
}

/** Leaves the group and closes; each wait is limited. */
async function shutDown(consumer: Consumer, client: KafkaClient, member: Member): Promise<void> {
  const closed = consumer
    .stop()
    .then(() => consumer.disconnect())
    .catch(() => undefined);
  if (!(await within(closed, member.isJoining() ? JOIN_ABORT_LIMIT_MS : LEAVE_LIMIT_MS))) {
    client.cut('gave up waiting for Kafka while closing');
    await within(closed, LEAVE_LIMIT_MS);
  }
  client.close();
}

/** Whether the promise settled in time. */
export async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(limitMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    timer.abort();
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A timer; lighting it again replaces what was to come. */
interface Fuse {
  light: (delayMs: number, action: () => void) => void;
  extinguish: () => void;
}

function createFuse(): Fuse {
  let timer: NodeJS.Timeout | undefined;
  const extinguish = (): void => clearTimeout(timer);
  return {
    light: (delayMs, action) => {
      extinguish();
      timer = setTimeout(action, delayMs);
    },
    extinguish,
  };
}
