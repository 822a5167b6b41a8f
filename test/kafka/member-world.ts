import type { FetchedBatch, Group, OffsetsToCommit } from '../../src/kafka/internals.js';
import { createMember, type Member, type MemberOptions } from '../../src/kafka/member.js';
import type { BatchHandled, CommittedOffset, PartitionStart, RecordBatch } from '../../src/kafka/source.js';

import { numberOf } from './consuming.js';

/** Everything a member did to its group and told its listener, in order. */
export interface World {
  member: Member;
  group: Group;
  did: string[];
  /** The commits that its listener was told of. */
  told: string[];
  /** Refuses the next commits with these. */
  refusals: Error[];
  /** Finishes the batch in hand of a partition. */
  finish: (partition: number, handled?: Partial<BatchHandled>) => void;
  /** Ends it with an error. */
  fail: (partition: number) => void;
  join: (generationId: number) => Promise<void>;
  /** Fetches, and begins to handle what came. */
  fetchAndHandle: (...batches: FetchedBatch[]) => Promise<{ handled: Promise<unknown> }>;
  abort: () => void;
}

interface InHand {
  batch: RecordBatch;
  resolve: (handled: BatchHandled) => void;
  reject: (error: Error) => void;
}

export const protocolError = (type: string): Error => Object.assign(new Error(type), { type });

/** A group of which a member has these partitions. */
export function groupOf(...assigned: ReturnType<Group['assigned']>): Group {
  return { assigned: () => assigned } as Group;
}

export function fetched(partition: number, first: number, last: number): FetchedBatch {
  return {
    ...{ topic: 't', partition, fetchedOffset: String(first), messages: [] },
    isEmpty: () => last < first,
    lastOffset: () => String(last),
  };
}

export function open(
  committed: bigint,
  options: Partial<MemberOptions> = {},
  onCommitted: (offset: bigint) => void = () => undefined,
  starts: readonly PartitionStart[] = [],
  onFetched: (outMs: number) => void = () => undefined,
): World {
  const did: string[] = [];
  const told: string[] = [];
  const refusals: Error[] = [];
  const stop = new AbortController();
  const inHand = new Map<number, InHand>();
  const commitOffsets = ({ topics }: OffsetsToCommit): Promise<void> => {
    const refusal = refusals.shift();
    if (refusal) return Promise.reject(refusal);
    for (const { partition, offset } of topics.flatMap(({ partitions }) => partitions)) {
      did.push(`commit ${partition}@${offset} in ${group.generationId ?? ''}`);
    }
    return Promise.resolve();
  };
  const group = {
    ...{ memberId: 'm', leaderId: 'm', generationId: 1, commitOffsets },
    assigned: () => [{ topic: 't', partitions: [0, 1] }],
    getActiveTopicPartitions: () => ({ t: new Set([0, 1]) }),
    heartbeat: () => Promise.resolve(),
    seek: ({ partition, offset }) => void did.push(`seek ${partition}@${offset}`),
    pause: ([topic]) => void did.push(`pause ${topic?.partitions.join() ?? ''}`),
    resolveOffset: ({ partition, offset }) => void did.push(`position ${partition}@${Number(offset) + 1}`),
  } as Partial<Group> as Group;
  const offset: CommittedOffset = { offset: committed, metadata: '' };
  const member = createMember({
    ...{
      group: 'g',
      sizes: { maxBytes: 1024 * 1024, maxBytesPerPartition: 256 * 1024, maxBytesAlone: 512 * 1024 },
      leaving: () => undefined,
      classify: (error) => error as Error,
    },
    fetchCommitted: () =>
      Promise.resolve(
        new Map([
          ['t-0', offset],
          ['t-1', offset],
        ]),
      ),
    request: {
      partitions: [0, 1].map(
        (partition) =>
          starts.find((start) => start.partition === partition) ?? { topic: 't', partition, start: null },
      ),
      signal: stop.signal,
      handle: (batch) => {
        const partition = numberOf(batch.partition);
        did.push(`handle ${partition}`);
        return new Promise((resolve, reject) => inHand.set(partition, { batch, resolve, reject }));
      },
      listener: {
        assigned: (partitions) => void did.push(`assigned ${partitions.map(numberOf).join()}`),
        fetching: () => undefined,
        fetched: (outMs) => {
          did.push('fetched');
          onFetched(outMs);
        },
        interrupted: () => void did.push('interrupted'),
        committed: (partition, at, metadata) => {
          told.push(`${numberOf(partition)}@${at} ${metadata}`);
          onCommitted(at);
        },
      },
    },
    ...options,
  });
  return {
    ...{ member, group, did, told, refusals, abort: () => stop.abort() },
    finish: (partition, handled = {}) => {
      const { batch, resolve } = inHand.get(partition) ?? {};
      resolve?.({ commit: { offset: batch?.nextOffset ?? -1n, metadata: '' }, done: false, ...handled });
    },
    fail: (partition) => inHand.get(partition)?.reject(new Error('a step that fails')),
    join: async (generationId) => {
      member.hooks.joining();
      group.generationId = generationId;
      await member.hooks.joined(group);
      did.length = 0;
    },
    fetchAndHandle: async (...batches) => {
      const got = await member.hooks.fetch(group, () => Promise.resolve(batches));
      const handled = Promise.all(got.map((batch) => member.handle(batch, () => undefined)));
      handled.catch(() => undefined);
      await turn();
      return { handled };
    },
  };
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
