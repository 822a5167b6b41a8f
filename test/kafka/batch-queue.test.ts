import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchedBatch, Group } from '../../src/kafka/internals.js';
import { fetched, protocolError, turn } from './member-world.js';
import { openQueue } from './queue-world.js';

test('a batch that is being committed takes no place, but its partition is not fetched before it is committed', async () => {
  const { did, bring, write, end } = openQueue();
  await bring(0, 1, 2);
  const second = bring(3);
  write(0);
  assert.deepEqual(did, ['fetch of 0,1,2,3', 'handle 0', 'handle 1', 'handle 2']);
  await second;
  // its end frees no second place
  await end(0);
  assert.deepEqual(did.slice(4), ['fetch of 3']);
  await end(1);
  assert.deepEqual(did.slice(5), ['handle 3']);
});

test('no more than twice as many wait for their commits', async () => {
  const { did, bring, write, end } = openQueue([0, 1, 2, 3, 4, 5]);
  await bring(0, 1, 2, 3, 4);
  for (const partition of [0, 1, 2, 3]) write(partition);
  assert.deepEqual(did.slice(1), ['handle 0', 'handle 1', 'handle 2', 'handle 3']);
  await end(2);
  assert.deepEqual(did.slice(5), ['handle 4']);
});

test('a commit that is refused is told by the next fetch, when all that is in hand has ended', async () => {
  const { bring, write, end, fail } = openQueue();
  await bring(0, 1);
  write(0);
  const second = bring(2);
  await fail(0, new Error('refused'));
  const told = assert.rejects(second, /refused/);
  await end(1);
  await told;
});

test('it ends only when all is committed', async () => {
  const { queue, bring, write, end } = openQueue();
  await bring(0);
  write(0);
  let isClosed = false;
  const closed = queue.close().then(() => (isClosed = true));
  await turn();
  assert.equal(isClosed, false);
  await end(0);
  await closed;
});

test('the next fetch begins when all that the last one brought has begun, for the other partitions', async () => {
  const { did, bring, end } = openQueue();
  await bring(0, 1, 2);
  const second = bring(3);
  await turn();
  assert.deepEqual(did, ['fetch of 0,1,2,3', 'handle 0', 'handle 1'], 'one of them waits still');
  await end(1);
  await second;
  assert.deepEqual(did.slice(3), ['handle 2', 'fetch of 1,3']);
});

test('where all partitions are in hand, the next fetch waits for the end of one', async () => {
  const { did, bring, end } = openQueue([0, 1]);
  await bring(0, 1);
  const next = bring(0);
  await turn();
  assert.deepEqual(did, ['fetch of 0,1', 'handle 0', 'handle 1']);
  await end(0);
  await next;
  assert.deepEqual(did.slice(3), ['fetch of 0', 'handle 0']);
});

test('a broker that has nothing of the others is asked again when something has ended, and may wait when nothing is in hand', async () => {
  const { did, bring, end, fetch, group } = openQueue();
  await bring(0);
  let asked: Group | undefined;
  let isBack = false;
  const nothing = fetch((view) => {
    asked = view;
    return Promise.resolve([]);
  }).then(() => (isBack = true));
  await turn();
  assert.deepEqual([Reflect.get(asked ?? {}, 'maxWaitTime'), isBack], [0, false]);
  await end(0);
  await nothing;
  Reflect.set(group, 'maxWaitTime', 500);
  await fetch((view) => {
    assert.equal(Reflect.get(view, 'maxWaitTime'), 500);
    return Promise.resolve([]);
  });
  await bring(0);
  assert.equal(did.at(-1), 'handle 0');
});

test('what a batch ends with is thrown by the next fetch, once, when nothing is handled; what waits never begins', async () => {
  const { did, bring, end, fail } = openQueue();
  await bring(0, 1, 2);
  const trouble = new Error('a rebalance');
  await fail(0, trouble);
  let thrown: unknown;
  const next = bring(3).catch((error: unknown) => (thrown = error));
  await turn();
  assert.equal(thrown, undefined, 'another one is handled still');
  await end(1);
  await next;
  assert.equal(thrown, trouble);
  await bring(2);
  assert.deepEqual(did.slice(1), ['handle 0', 'handle 1', 'fetch of 0,1,2,3', 'handle 2']);
});

test('what a heartbeat meets while a batch is handled is thrown by the next fetch, and what is handled is committed before', async () => {
  const { did, bring, end, queue } = openQueue();
  await bring(0, 1, 2);
  const rebalance = protocolError('REBALANCE_IN_PROGRESS');
  await queue.hooks.heartbeat(() => Promise.reject(rebalance));
  await end(0);
  const next = assert.rejects(bring(3), rebalance);
  await end(1);
  await next;
  assert.deepEqual(did.slice(1), ['handle 0', 'handle 1'], 'what waited is dropped');
});

test('what a heartbeat meets with nothing in hand is thrown by the next fetch, too, and what another one brings is dropped', async () => {
  const { did, bring, fetch, queue } = openQueue();
  let answer: (batches: FetchedBatch[]) => void = () => undefined;
  const slow = fetch(() => new Promise((resolve) => (answer = resolve)));
  const lost = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
  await queue.hooks.heartbeat(() => Promise.reject(lost));
  answer([fetched(0, 0, 9)]);
  await assert.rejects(Promise.all([slow, bring(1)]), lost);
  await bring(2);
  assert.deepEqual(did, ['fetch of 0,1,2,3', 'handle 2']);
});

test('what ends the membership is told before a rebalance that was there earlier', async () => {
  const { bring, fail, endMembership, queue } = openQueue();
  await bring(0);
  await queue.hooks.heartbeat(() => Promise.reject(protocolError('REBALANCE_IN_PROGRESS')));
  const refused = new Error('a bad record');
  endMembership(refused);
  await fail(0, refused);
  await assert.rejects(bring(1), refused);
});

test('a connection that is lost by a heartbeat while a batch is handled is no trouble', async () => {
  const { did, bring, queue } = openQueue();
  await bring(0);
  const lost = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
  await queue.hooks.heartbeat(() => Promise.reject(lost));
  await bring(1);
  assert.deepEqual(did.slice(1), ['handle 0', 'fetch of 1,2,3', 'handle 1']);
});

test('of two fetches only one throws, and what the other one brings meanwhile is dropped', async () => {
  const { did, bring, fail, fetch } = openQueue();
  await bring(0);
  let answer: (batches: FetchedBatch[]) => void = () => undefined;
  const slow = fetch(() => new Promise((resolve) => (answer = resolve)));
  const trouble = new Error('a rebalance');
  await fail(0, trouble);
  await assert.rejects(bring(1), trouble);
  answer([fetched(1, 0, 9)]);
  await slow;
  assert.deepEqual(did.slice(1), ['handle 0'], 'kafkajs is about to join');
});

test('a fetch that fails is told when nothing is handled any more', async () => {
  const { did, bring, end, fetch } = openQueue();
  await bring(0);
  const failed = new Error('no broker');
  let thrown: unknown;
  const next = fetch(() => Promise.reject(failed)).catch((error: unknown) => (thrown = error));
  await turn();
  assert.equal(thrown, undefined);
  await end(0);
  await next;
  assert.equal(thrown, failed);
  await bring(1);
  assert.deepEqual(did.slice(1), ['handle 0', 'fetch of 0,1,2,3', 'handle 1']);
});

test('a fetch that would join ends in a rebalance instead, which kafkajs hears of when nothing is handled', async () => {
  const { did, bring, end, fetch } = openQueue();
  await bring(0);
  const next = assert.rejects(
    fetch(async (view) => {
      await view.joinAndSync();
      return [];
    }),
    { type: 'REBALANCE_IN_PROGRESS' },
  );
  await end(0);
  await next;
  assert.deepEqual(did.slice(1), ['handle 0']);
});

test('a batch that ends while nothing is fetched of the others is followed by another fetch at once', async () => {
  const { did, bring, end, fetch } = openQueue();
  await bring(0, 1);
  await fetch(async () => {
    await end(0);
    return [];
  });
  await bring(0);
  assert.deepEqual(did.slice(3), ['fetch of 0,2,3', 'handle 0']);
});

test('a fetch comes back from a closed queue when nothing is handled, and brings nothing', async () => {
  const { did, bring, end, abort, queue } = openQueue();
  await bring(0, 1, 2);
  let isBack = false;
  const next = bring(3).then(() => (isBack = true));
  abort();
  await turn();
  await end(0);
  assert.equal(isBack, false, 'kafkajs would leave the group before the commit');
  const closed = queue.close();
  await end(1);
  await Promise.all([next, closed]);
  await bring(3);
  assert.deepEqual(did, ['fetch of 0,1,2,3', 'handle 0', 'handle 1']);
});

test('a queue that is closed while it fetches lets what is in hand end before it comes back', async () => {
  const { did, end, bring, fetch, abort } = openQueue();
  await bring(0);
  let isBack = false;
  const next = fetch(() => {
    abort();
    return Promise.resolve([fetched(1, 0, 9)]);
  }).then(() => (isBack = true));
  await turn();
  assert.equal(isBack, false);
  await end(0);
  await next;
  assert.deepEqual(did.slice(1), ['handle 0']);
});

test('a join forgets what waits and the trouble of the generation before, not what ended the membership', async () => {
  const { did, bring, end, fail, endMembership, queue } = openQueue();
  await bring(0, 1, 2);
  await fail(0, new Error('refused in the old generation'));
  queue.hooks.joining();
  await end(1);
  await bring(3);
  assert.deepEqual(did.slice(3), ['join', 'fetch of 0,1,2,3', 'handle 3']);
  const fence = new Error('fenced');
  endMembership(fence);
  await fail(3, fence);
  queue.hooks.joining();
  await assert.rejects(bring(0), fence);
});

test('a partition that two brokers bring at once is handled once', async () => {
  const { did, bring, fetch } = openQueue();
  await fetch(async () => {
    await bring(0);
    return [fetched(0, 0, 9), fetched(1, 0, 9)];
  });
  assert.deepEqual(did, ['fetch of 0,1,2,3', 'handle 0', 'handle 1']);
});

test('a fetch that brought nothing of a partition leaves it to the next one', async () => {
  const { did, bring, fetch } = openQueue();
  await fetch(() => Promise.resolve([fetched(0, 5, 4), fetched(1, 0, 9)]));
  await bring(0);
  assert.deepEqual(did, ['handle 1', 'fetch of 0,2,3', 'handle 0']);
});
