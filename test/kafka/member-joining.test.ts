import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetched, open, protocolError } from './member-world.js';

test('after a join it commits the starts that nobody has, seeks, and tells where the group stands', async () => {
  const { member, group, did, told } = open(
    5n,
    { fetchCommitted: () => Promise.resolve(new Map([['t-1', { offset: 7n, metadata: 'theirs' }]])) },
    undefined,
    [{ topic: 't', partition: 0, start: { offset: 3n, metadata: 'ours', replaces: null } }],
  );
  member.hooks.joining();
  assert.ok(member.isJoining());
  await member.hooks.joined(group);
  assert.ok(!member.isJoining());
  assert.deepEqual(did, ['interrupted', 'commit 0@3 in 1', 'seek 0@3', 'seek 1@7', 'assigned 0,1']);
  assert.deepEqual(told, ['0@3 ours', '1@7 theirs']);
});

test('a join whose start cannot be committed has not succeeded', async () => {
  const start = { offset: 3n, metadata: 'ours', replaces: 5n };
  const { member, group, did, told, refusals } = open(5n, {}, undefined, [
    { topic: 't', partition: 0, start },
  ]);
  refusals.push(protocolError('REBALANCE_IN_PROGRESS'));
  member.hooks.joining();
  await assert.rejects(member.hooks.joined(group), /REBALANCE_IN_PROGRESS/);
  assert.deepEqual([did, told], [['interrupted'], []]);
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
