import assert from 'node:assert/strict';
import { createBatchQueue } from '../../src/kafka/batch-queue.js';
import type { FetchedBatch, Group } from '../../src/kafka/internals.js';
import type { Member } from '../../src/kafka/member.js';
import { fetched, turn } from './member-world.js';

/** A queue of two batches at once, over a member that handles each until it is told its end. */
export function openQueue(active: readonly number[] = [0, 1, 2, 3]) {
  const ends = new Map<
    number,
    { written: () => void; resolve: () => void; reject: (error: Error) => void }
  >();
  const did: string[] = [];
  const stop = new AbortController();
  let failure: { error: unknown } | undefined;
  const group = {
    getActiveTopicPartitions: () => ({ t: new Set(active) }),
  } as Partial<Group> as Group;
  const member: Pick<Member, 'handle' | 'failure'> & {
    hooks: Pick<Member['hooks'], 'joining' | 'heartbeat' | 'fetch'>;
  } = {
    hooks: {
      joining: () => void did.push('join'),
      heartbeat: (beat) => beat(),
      fetch: (view, fetch) => fetch(view),
    },
    handle: ({ partition }, written) => {
      did.push(`handle ${partition}`);
      return new Promise((resolve, reject) => ends.set(partition, { written, resolve, reject }));
    },
    failure: () => failure,
  };
  const queue = createBatchQueue({ member: member as Member, concurrency: 2, signal: stop.signal });
  const fetch = async (answer: (view: Group) => Promise<FetchedBatch[]>): Promise<void> => {
    assert.deepEqual(await queue.hooks.fetch(group, answer), [], 'kafkajs gets none');
  };
  const bring = (...partitions: number[]): Promise<void> =>
    fetch((view) => {
      did.push(`fetch of ${activeIn(view)}`);
      return Promise.resolve(partitions.map((partition) => fetched(partition, 0, 9)));
    });
  const end = async (partition: number): Promise<void> => {
    ends.get(partition)?.resolve();
    await turn();
  };
  const write = (partition: number): void => ends.get(partition)?.written();
  const fail = async (partition: number, error: Error): Promise<void> => {
    ends.get(partition)?.reject(error);
    await turn();
  };
  const endMembership = (error: Error): void => void (failure = { error });
  return { queue, did, fetch, bring, write, end, fail, endMembership, abort: () => stop.abort(), group };
}

function activeIn(view: Group): string {
  return [...(view.getActiveTopicPartitions()['t'] ?? [])].join();
}
