import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOOKS } from '../../src/kafka/assignor.js';
import { installGroupHooks, type GroupHooks } from '../../src/kafka/group-hooks.js';
import type { FetchedBatch, Group } from '../../src/kafka/internals.js';
import { decodeBatch, decoded } from './encoded-batch.js';

const protocolError = (type: string): Error => Object.assign(new Error(type), { type });

type Step = () => Promise<void>;

/** A class in the shape of kafkajs's ConsumerGroup, with the hooks installed; each step takes the next answer, then succeeds. */
function openGroup(options: { hooks?: Partial<GroupHooks> | null; fetched?: FetchedBatch[] } = {}) {
  const did: string[] = [];
  const answers: Record<string, (Error | Step)[]> = { join: [], sync: [], joined: [], heartbeat: [] };
  const answer = async (name: string): Promise<void> => {
    did.push(name);
    const next = answers[name]?.shift();
    if (next instanceof Error) throw next;
    await next?.();
  };
  const methods = {
    [Symbol('private:ConsumerGroup:join')]: () => answer('join'),
    [Symbol('private:ConsumerGroup:sync')]: () => answer('sync'),
    joinAndSync: () => answer('original joinAndSync'),
    heartbeat: () => answer('heartbeat'),
    fetch: () => Promise.resolve([...(options.fetched ?? [])]),
    recoverFromFetch: () => Promise.resolve(),
    leave: () => answer('leave'),
  };
  const prototype = methods as unknown as Group;
  installGroupHooks(prototype);
  const hooks: GroupHooks = {
    joining: () => undefined,
    joined: () => answer('joined'),
    heartbeat: (beat) => beat(),
    fetch: (_, fetch) => fetch(group),
    interrupted: () => undefined,
    fenced: (cause) => Object.assign(new Error('fenced', { cause }), { retriable: false }),
    leaving: () => undefined,
    stopping: () => false,
    ...options.hooks,
  };
  const assigners = options.hooks === null ? [{}] : [{ [HOOKS]: hooks }];
  const group = Object.assign(Object.create(prototype) as Group, {
    assigners,
    memberId: 'm',
    generationId: 1,
  });
  return { group, did, answers };
}

test('a join that meets rebalances goes on until a generation stands, however many there are', async () => {
  const { group, did, answers } = openGroup();
  const rebalance = protocolError('REBALANCE_IN_PROGRESS');
  answers['sync'] = Array.from({ length: 6 }, () => rebalance);
  answers['joined'] = [rebalance];
  await group.joinAndSync();
  assert.equal(did.filter((step) => step === 'join').length, 8);
  assert.equal(did.at(-1), 'joined');
});

test('a member that was in the group and is not known any more is fenced instead of joining anew', async () => {
  for (const step of ['join', 'sync', 'joined']) {
    const { group, did, answers } = openGroup();
    await group.joinAndSync();
    did.length = 0;
    answers[step] = [protocolError('UNKNOWN_MEMBER_ID')];
    await assert.rejects(group.joinAndSync(), /fenced/);
    assert.equal(did.filter((name) => name === 'join').length, 1);
    assert.ok(!did.includes('leave'));
  }
});

test('a member id that expired before the first join succeeded is given back, and the join begins anew', async () => {
  const { group, answers } = openGroup();
  answers['sync'] = [protocolError('UNKNOWN_MEMBER_ID')];
  await group.joinAndSync();
  assert.equal(group.memberId, null);
});

test('a coordinator that is loading is asked again', async () => {
  const { group, did, answers } = openGroup();
  answers['join'] = [protocolError('GROUP_LOAD_IN_PROGRESS'), protocolError('NOT_COORDINATOR_FOR_GROUP')];
  await group.joinAndSync();
  assert.deepEqual(did, ['join', 'join', 'join', 'sync', 'joined']);
});

test('a lost connection is tried three more times, then the member leaves, and kafkajs must not go on', async () => {
  const { group, did, answers } = openGroup();
  const lost = Object.assign(new Error('lost'), { name: 'KafkaJSConnectionError' });
  answers['join'] = [lost, lost, lost, lost];
  await assert.rejects(group.joinAndSync(), { retriable: false, cause: lost });
  assert.deepEqual(did, ['join', 'join', 'join', 'join', 'leave']);
});

test('any other error leaves the group, so that nobody waits for this member', async () => {
  const { group, did, answers } = openGroup();
  answers['joined'] = [new Error('no start')];
  await assert.rejects(group.joinAndSync(), /no start/);
  assert.deepEqual(did, ['join', 'sync', 'joined', 'leave']);
});

test('a join that nobody wants any more is not begun', async () => {
  const { group, did } = openGroup({ hooks: { stopping: () => true } });
  await assert.rejects(group.joinAndSync(), /stopped/);
  assert.deepEqual(did, ['leave']);
});

test('two joins at once are one', async () => {
  const { group, did } = openGroup();
  await Promise.all([group.joinAndSync(), group.joinAndSync()]);
  assert.deepEqual(did, ['join', 'sync', 'joined']);
});

test('every try to join is announced, also before the first has succeeded, and the end of each wait in it', async () => {
  const { group, did, answers } = openGroup({
    hooks: { joining: () => void did.push('joining'), interrupted: () => void did.push('waited') },
  });
  answers['sync'] = [protocolError('REBALANCE_IN_PROGRESS')];
  await group.joinAndSync();
  await group.joinAndSync();
  assert.deepEqual(did, [
    ...['joining', 'join', 'waited', 'sync'],
    ...['joining', 'join', 'waited', 'sync', 'waited', 'joined'],
    ...['joining', 'join', 'waited', 'sync', 'waited', 'joined'],
  ]);
});

test('a refused heartbeat is a fence, a rebalance is passed on', async () => {
  const { group, answers } = openGroup();
  answers['heartbeat'] = [protocolError('ILLEGAL_GENERATION'), protocolError('REBALANCE_IN_PROGRESS')];
  await assert.rejects(group.heartbeat({ interval: 1 }), /fenced/);
  await assert.rejects(group.heartbeat({ interval: 1 }), { type: 'REBALANCE_IN_PROGRESS' });
});

test('no heartbeat is sent while joining, and one that a join overtook is no news', async () => {
  const { group, did, answers } = openGroup();
  answers['join'] = [
    async () => {
      await Promise.resolve();
      await group.heartbeat({ interval: 1 });
    },
  ];
  await group.joinAndSync();
  assert.ok(!did.includes('heartbeat'));
  answers['heartbeat'] = [
    async () => {
      await group.joinAndSync();
      group.generationId = 2;
      throw protocolError('ILLEGAL_GENERATION');
    },
  ];
  await group.heartbeat({ interval: 1 });
  answers['heartbeat'] = [
    () => {
      group.generationId = 3;
      return Promise.reject(protocolError('REBALANCE_IN_PROGRESS'));
    },
  ];
  await group.heartbeat({ interval: 1 });
});

test("somebody else's consumer in the same process is left as it was", async () => {
  const { group, did } = openGroup({ hooks: null });
  await group.joinAndSync();
  assert.deepEqual(did, ['original joinAndSync']);
});

test('consumers of others in this process get records, ours the batches of the log, which they unpack themselves', async () => {
  const { packed } = await decodeBatch({ firstOffset: 3, records: [{ offset: 3 }, { offset: 4 }] });
  const fetched = (): FetchedBatch => ({
    ...{ topic: 't', partition: 0, fetchedOffset: '4', messages: [packed] },
    isEmpty: () => false,
    lastOffset: () => '4',
  });
  const [ours] = await openGroup({ fetched: [fetched()] }).group.fetch('1');
  assert.deepEqual(ours?.messages, [packed]);
  const [theirs] = await openGroup({ hooks: null, fetched: [fetched()] }).group.fetch('1');
  assert.deepEqual(theirs?.messages, [decoded(4)]);
});
