import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchedBatch, Group, OffsetsToCommit } from '../../src/kafka/internals.js';
import { createMember, type Member, type MemberOptions } from '../../src/kafka/member.js';
import type { BatchHandled, CommittedOffset, PartitionStart, RecordBatch } from '../../src/kafka/source.js';

/** Everything a member did to its group and told its listener, in order. */
interface World {
  member: Member;
  group: Group;
  did: string[];
  /** The commits that its listener was told of. */
  told: string[];
  /** Refuses the next commits with these. */
  refusals: Error[];
  /** Finishes the batch in hand of a partition. */
  finish: (partition: number, handled?: Partial<BatchHandled>) => void;
  join: (generationId: number) => Promise<void>;
  /** Fetches, and begins to handle what came. */
  fetchAndHandle: (...batches: FetchedBatch[]) => Promise<{ handled: Promise<unknown> }>;
  abort: () => void;
}

const protocolError = (type: string): Error => Object.assign(new Error(type), { type });

function fetched(partition: number, first: number, last: number): FetchedBatch {
  const offsets = Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  const messages = offsets.map((offset) => ({ offset, timestamp: '1', key: null, value: null, headers: {} }));
  return {
    ...{ topic: 't', partition, messages, rawMessages: [] },
    firstOffset: () => String(first),
    lastOffset: () => String(last),
  };
}

function open(
  committed: bigint,
  options: Partial<MemberOptions> = {},
  onCommitted: (offset: bigint) => void = () => undefined,
  starts: readonly PartitionStart[] = [],
): World {
  const did: string[] = [];
  const told: string[] = [];
  const refusals: Error[] = [];
  const stop = new AbortController();
  const inHand = new Map<number, { batch: RecordBatch; resolve: (handled: BatchHandled) => void }>();
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
    ...{ topic: 't', group: 'g', leaving: () => undefined, classify: (error) => error as Error },
    fetchCommitted: () => Promise.resolve(new Map([0, 1].map((partition) => [partition, offset]))),
    request: {
      partitions: [0, 1].map(
        (partition) => starts.find((start) => start.partition === partition) ?? { partition, start: null },
      ),
      signal: stop.signal,
      handle: (batch) => {
        did.push(`handle ${batch.partition}`);
        return new Promise((resolve) => inHand.set(batch.partition, { batch, resolve }));
      },
      listener: {
        assigned: (partitions) => void did.push(`assigned ${partitions.join()}`),
        fetching: () => undefined,
        fetched: () => void did.push('fetched'),
        interrupted: () => void did.push('interrupted'),
        committed: (partition, at, metadata) => {
          told.push(`${partition}@${at} ${metadata}`);
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
    join: async (generationId) => {
      member.hooks.joining();
      group.generationId = generationId;
      await member.hooks.joined(group);
      did.length = 0;
    },
    fetchAndHandle: async (...batches) => {
      const got = await member.hooks.fetch(group, () => Promise.resolve(batches));
      const handled = Promise.all(got.map((batch) => member.handle(batch)));
      handled.catch(() => undefined);
      await turn();
      return { handled };
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('after a join it commits the starts that nobody has, seeks, and tells where the group stands', async () => {
  const { member, group, did, told } = open(
    5n,
    { fetchCommitted: () => Promise.resolve(new Map([[1, { offset: 7n, metadata: 'theirs' }]])) },
    undefined,
    [{ partition: 0, start: { offset: 3n, metadata: 'ours', replaces: null } }],
  );
  member.hooks.joining();
  assert.ok(member.isJoining());
  await member.hooks.joined(group);
  assert.ok(!member.isJoining());
  assert.deepEqual(did, ['commit 0@3 in 1', 'seek 0@3', 'seek 1@7', 'assigned 0,1']);
  assert.deepEqual(told, ['0@3 ours', '1@7 theirs']);
});

test('a join whose start cannot be committed has not succeeded', async () => {
  const start = { offset: 3n, metadata: 'ours', replaces: 5n };
  const { member, group, did, told, refusals } = open(5n, {}, undefined, [{ partition: 0, start }]);
  refusals.push(protocolError('REBALANCE_IN_PROGRESS'));
  member.hooks.joining();
  await assert.rejects(member.hooks.joined(group), /REBALANCE_IN_PROGRESS/);
  assert.deepEqual([did, told], [[], []]);
});

for (const leaderId of [null, ''])
  test(`a group whose leader is ${leaderId === null ? 'missing' : 'empty'} is the server's, and refused`, async () => {
    const { member, group } = open(5n);
    Object.assign(group, { leaderId });
    member.hooks.joining();
    await assert.rejects(member.hooks.joined(group));
    assert.deepEqual((member.failure()?.error as { code?: string }).code, 'GROUP_IN_USE');
  });

test('what was fetched before where the group stands is not handled', async () => {
  const { join, fetchAndHandle, did } = open(5n);
  await join(1);
  await fetchAndHandle(fetched(0, 4, 9));
  assert.deepEqual(did, ['fetched']);
});

test('a member that has nothing to fetch waits without asking, and tells so', async () => {
  const { join, member, group, did } = open(5n);
  await join(1);
  group.getActiveTopicPartitions = () => ({ t: new Set<number>() });
  const asked = (): Promise<never> => Promise.reject(new Error('asked'));
  assert.deepEqual(await member.hooks.fetch(group, asked), []);
  assert.deepEqual(did, ['fetched']);
});

test('a handled batch is committed under its generation, then the position moves', async () => {
  const { join, fetchAndHandle, finish, did } = open(5n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 5, 9));
  finish(0);
  await handled;
  assert.deepEqual(did, ['fetched', 'handle 0', 'commit 0@10 in 1', 'position 0@10']);
});

test('a partition that is done is paused', async () => {
  const { join, fetchAndHandle, finish, did } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(1, 0, 0));
  finish(1, { done: true, commit: null });
  await handled;
  assert.deepEqual(did, ['fetched', 'handle 1', 'pause 1']);
});

test('a batch that outlives its generation is neither committed nor moves a position', async () => {
  const { join, fetchAndHandle, finish, did } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  await join(2);
  finish(0);
  await handled;
  assert.deepEqual(did, []);
});

test('a commit that is made just before the group joins anew moves no position and pauses nothing', async () => {
  const { join, fetchAndHandle, finish, did, group } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  const commit = group.commitOffsets;
  group.commitOffsets = async (offsets) => {
    await commit(offsets);
    await join(2);
  };
  finish(0, { done: true });
  await handled;
  assert.deepEqual(did, []);
});

test('a listener that breaks down ends the reading: what is committed is not read once more', async () => {
  const broken = new Error('a step that fails');
  const { join, fetchAndHandle, finish, did, member } = open(0n, {}, (offset) => {
    if (offset > 0n) throw broken;
  });
  await join(1);
  const first = await fetchAndHandle(fetched(0, 0, 4));
  finish(0);
  await assert.rejects(first.handled, { retriable: false });
  assert.equal(member.failure()?.error, broken);
  await fetchAndHandle(fetched(0, 0, 4));
  assert.deepEqual(did, ['fetched', 'handle 0', 'commit 0@5 in 1', 'fetched']);
});

test('after a rebalance nothing is handled before all that was in hand is settled', async () => {
  const { join, fetchAndHandle, finish, did } = open(0n);
  await join(1);
  const old = await fetchAndHandle(fetched(0, 0, 4));
  await join(2);
  const fresh = await fetchAndHandle(fetched(1, 0, 4), fetched(0, 0, 4));
  assert.deepEqual(did, ['fetched'], 'neither the same partition nor another');
  finish(0);
  await old.handled;
  await turn();
  assert.deepEqual(did, ['fetched', 'handle 1', 'handle 0']);
  finish(0);
  finish(1);
  await fresh.handled;
});

test('what was fetched before or during a join is dropped', async () => {
  const { member, group, join, did } = open(0n);
  await join(1);
  const batch = fetched(0, 0, 4);
  const before = member.hooks.fetch(group, async () => {
    await join(2);
    return [batch];
  });
  assert.deepEqual(await before, []);
  await member.handle(batch);
  member.hooks.joining();
  let asked = false;
  const during = member.hooks.fetch(group, () => {
    asked = true;
    return Promise.resolve([batch]);
  });
  assert.deepEqual([await during, asked], [[], false]);
  assert.ok(!did.includes('handle 0'));
});

test('a batch from behind the position, fetched from a former leader, is dropped', async () => {
  const { join, fetchAndHandle, finish, did } = open(5n);
  await join(1);
  const first = await fetchAndHandle(fetched(0, 5, 9));
  finish(0);
  await first.handled;
  did.length = 0;
  await fetchAndHandle(fetched(0, 5, 9));
  assert.deepEqual(did, ['fetched']);
});

test('a commit that meets a rebalance is handed to kafkajs, which joins again', async () => {
  const { join, fetchAndHandle, finish, refusals, did, member } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  refusals.push(protocolError('REBALANCE_IN_PROGRESS'));
  finish(0);
  await assert.rejects(handled, { type: 'REBALANCE_IN_PROGRESS' });
  assert.deepEqual(did, ['fetched', 'handle 0']);
  assert.equal(member.failure(), undefined);
});

test('a commit that is refused because a join has overtaken it is no fence', async () => {
  const { join, fetchAndHandle, finish, refusals, member, group } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  refusals.push(protocolError('ILLEGAL_GENERATION'));
  const commit = group.commitOffsets;
  group.commitOffsets = async (offsets) => {
    member.hooks.joining();
    await commit(offsets);
  };
  finish(0);
  await handled;
  assert.equal(member.failure(), undefined);
});

for (const type of ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']) {
  test(`a commit refused with ${type} ends the member as fenced, in a form that kafkajs does not retry`, async () => {
    const { join, fetchAndHandle, finish, refusals, member } = open(0n);
    await join(1);
    const { handled } = await fetchAndHandle(fetched(0, 0, 4));
    refusals.push(protocolError(type));
    finish(0);
    await assert.rejects(handled, { retriable: false });
    assert.equal((member.failure()?.error as { code?: string }).code, 'FENCED');
  });
}

test('a commit is repeated on a lost connection', async () => {
  const { join, fetchAndHandle, finish, refusals, did } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  refusals.push(Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' }));
  finish(0);
  await handled;
  assert.deepEqual(did.slice(2), ['commit 0@5 in 1', 'position 0@5']);
});

test('a commit that fails while stopping is a failure of the whole reading', async () => {
  const { join, fetchAndHandle, finish, refusals, member, abort } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  abort();
  const lost = new Error('the log is full');
  refusals.push(lost);
  finish(0);
  await assert.rejects(handled);
  assert.deepEqual(member.failure(), { error: lost });
});

test('nothing new is handled after a stop or after a failure', async () => {
  const stopped = open(0n);
  await stopped.join(1);
  stopped.abort();
  await stopped.fetchAndHandle(fetched(0, 0, 4));
  const failed = open(0n);
  await failed.join(1);
  failed.member.hooks.fenced(new Error('gone'));
  await failed.fetchAndHandle(fetched(0, 0, 4));
  assert.deepEqual([...stopped.did, ...failed.did], ['fetched', 'fetched']);
});

test('a fetch whose error kafkajs swallowed does not count as fetched', async () => {
  const { member, group, join, did } = open(0n);
  await join(1);
  await member.hooks.fetch(group, () => {
    member.hooks.interrupted();
    return Promise.resolve([]);
  });
  await assert.rejects(member.hooks.fetch(group, () => Promise.reject(new Error('closed'))));
  assert.deepEqual(did, ['interrupted', 'interrupted']);
});
