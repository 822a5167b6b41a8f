import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchedBatch, PackedRecords } from '../../src/kafka/internals.js';
import { takeMemory } from '../../src/kafka/response-memory.js';
import { fetched, open, protocolError, turn } from './member-world.js';

test('a handled batch is committed under its generation, then the position moves', async () => {
  const { join, fetchAndHandle, finish, did } = open(5n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 5, 9));
  finish(0);
  await handled;
  assert.deepEqual(did, ['fetched', 'handle 0', 'commit 0@10 in 1', 'position 0@10']);
});

test('a batch is said to be handled when it is written, before its commit', async () => {
  const { join, member, group, finish, did } = open(5n);
  await join(1);
  const [batch] = await member.hooks.fetch(group, () => Promise.resolve([fetched(0, 5, 9)]));
  assert.ok(batch !== undefined);
  setImmediate(finish, 0);
  await member.handle(batch, () => void did.push('handled'));
  assert.deepEqual(did, ['fetched', 'handle 0', 'handled', 'commit 0@10 in 1', 'position 0@10']);
});

test('until something came, only a small piece is fetched', async () => {
  const { join, member, group } = open(0n);
  await join(1);
  const asked: number[] = [];
  const fetch = (batch: FetchedBatch) =>
    member.hooks.fetch(group, () => {
      asked.push(group.maxBytes);
      return Promise.resolve([batch]);
    });
  const nothing = fetched(0, 5, 4);
  for (const batch of [nothing, nothing, fetched(0, 5, 9), nothing]) await fetch(batch);
  assert.deepEqual(asked, [256 * 1024, 256 * 1024, 256 * 1024, 1024 * 1024]);
});

test('each batch begins with a sign of life, since many short ones in a row may be longer than a session', async () => {
  const { join, fetchAndHandle, finish, group } = open(0n);
  await join(1);
  const beats: number[] = [];
  group.heartbeat = ({ interval }) => {
    beats.push(interval);
    return Promise.resolve();
  };
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  finish(0);
  await handled;
  assert.deepEqual(beats, [900]);
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
  assert.equal(member.hooks.stopping(), true, 'it joins no more');
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
  await member.handle(batch, () => undefined);
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

test('a commit that got no answer in its time is not repeated: meanwhile the group has given the member up', async () => {
  const { join, fetchAndHandle, finish, refusals, did } = open(0n);
  await join(1);
  const { handled } = await fetchAndHandle(fetched(0, 0, 4));
  refusals.push(Object.assign(new Error('timed out'), { name: 'KafkaJSRequestTimeoutError' }));
  finish(0);
  await assert.rejects(handled, /timed out/);
  assert.deepEqual(did, ['fetched', 'handle 0']);
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

test('a fetch that comes back says for how long another broker owes an answer', async () => {
  const told: number[] = [];
  const { join, member, group, fetchAndHandle } = open(0n, {}, undefined, [], (outMs) => told.push(outMs));
  await join(1);
  let answer: () => void = () => undefined;
  const silent = member.hooks.fetch(group, () => new Promise((resolve) => (answer = () => resolve([]))));
  const sentMs = performance.now();
  while (performance.now() < sentMs + 2) await turn();
  await fetchAndHandle();
  answer();
  await silent;
  await assert.rejects(member.hooks.fetch(group, () => Promise.reject(new Error('closed'))));
  await fetchAndHandle();
  assert.ok((told[0] ?? 0) >= 2, String(told));
  assert.deepEqual(told.slice(1), [0, 0], 'nothing is out, after a failure neither');
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

test('every try to join is an interruption, and so a sign of life', () => {
  const { member, did } = open(0n);
  member.hooks.joining();
  member.hooks.joining();
  assert.deepEqual(did, ['interrupted', 'interrupted']);
});

/** Of two partitions in one response; `read` gives the handler an empty batch. */
function inOneResponse({ buffer: memory }: Buffer): FetchedBatch[] {
  const packed = { memory, recordsIn: memory, offset: 4n, read: () => 0 } as unknown as PackedRecords;
  return [0, 1].map((partition) => ({ ...fetched(partition, 0, 4), messages: [packed] }));
}

const isFree = (memory: Buffer): boolean => takeMemory(memory.length).buffer === memory.buffer;

test("a response's memory is used again when all of its batches are handled", async () => {
  const { join, fetchAndHandle, finish } = open(0n);
  await join(1);
  const memory = takeMemory(2 * 1024 * 1024);
  const { handled } = await fetchAndHandle(...inOneResponse(memory));
  finish(1);
  await turn();
  assert.ok(!isFree(memory));
  finish(0);
  await handled;
  assert.ok(isFree(memory));
});

test('memory is not used again where a batch was not handled, or handling failed', async () => {
  const stale = open(5n);
  const failing = open(0n);
  for (const { join, fetchAndHandle, finish } of [stale, failing]) {
    await join(1);
    const memory = takeMemory(2 * 1024 * 1024);
    const { handled } = await fetchAndHandle(...inOneResponse(memory));
    finish(0);
    if (finish === failing.finish) failing.fail(1);
    else finish(1);
    await handled.catch(() => undefined);
    assert.ok(!isFree(memory));
  }
});
