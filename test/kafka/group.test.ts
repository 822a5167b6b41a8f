import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdmin } from '../../src/kafka/client.js';
import { patchedKafkaJs } from '../../src/kafka/patched-kafkajs.js';
import { numbers } from '../contract/source-contract.js';
import { runKafkaTool } from '../support/stack.js';
import { openBroker, type Broker } from './broker.js';
import { fromStart, startConsuming, untilTrue } from './consuming.js';

/** As an operator's tool would do it: leaves the group in the member's name. */
async function removeMembers({ kafka, group }: Broker): Promise<void> {
  const { admin, cluster } = createAdmin(kafka);
  await admin.connect();
  const coordinator = await cluster().findGroupCoordinator({ groupId: group });
  const { groups } = await admin.describeGroups([group]);
  for (const { memberId } of groups.flatMap(({ members }) => members)) {
    await coordinator.leaveGroup({ groupId: group, memberId });
  }
  await admin.disconnect();
}

test('a foreign member in the group is refused with its client id and host', async () => {
  await using broker = await openBroker(1);
  const foreign = broker.kafka.consumer({ groupId: broker.group, maxWaitTimeInMs: 100 });
  await foreign.connect();
  await foreign.subscribe({ topic: broker.topic });
  await foreign.run({ eachMessage: () => Promise.resolve() });
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), { ends: new Map([[0, 1n]]) });
  await assert.rejects(consuming.ended, (error: Error & { code?: string }) => {
    assert.equal(error.code, 'GROUP_IN_USE');
    assert.match(error.message, /looks-past on 127\.0\.0\.1/);
    return true;
  });
  await foreign.disconnect();
});

test("of a group's members the others are told, also where there is nothing to read, and a drain of ours never", async () => {
  await using broker = await openBroker(1);
  const source = broker.member();
  assert.deepEqual(await source.otherMembers(), []);
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), { ends: new Map([[0, 1n]]) });
  await untilTrue('our own is there', async () => {
    const { groups } = await broker.admin.describeGroups([broker.group]);
    // while it joins and after
    assert.deepEqual(await source.otherMembers(), []);
    return groups[0]?.state === 'Stable';
  });
  assert.deepEqual(await source.otherMembers(), []);
  await consuming.stop();

  const foreign = broker.kafka.consumer({ groupId: broker.group, maxWaitTimeInMs: 100 });
  await foreign.connect();
  await foreign.subscribe({ topic: broker.topic });
  await foreign.run({ eachMessage: () => Promise.resolve() });
  assert.deepEqual(await source.otherMembers(), [{ clientId: 'looks-past', host: '127.0.0.1' }]);
  await foreign.disconnect();
  assert.deepEqual(await source.otherMembers(), []);
});

/** Kafka's own console consumer with the group protocol of KIP-848; it ends at the first record, or after 20 s without one. */
function startForeign({ settings, topic, group }: Broker): Promise<unknown> {
  return runKafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', settings.brokers.join(','), '--topic', topic, '--group', group],
    ...['--consumer-property', 'group.protocol=consumer', '--timeout-ms', '20000', '--max-messages', '1'],
  ]);
}

async function feedUntilEnded(broker: Broker, foreign: Promise<unknown>): Promise<void> {
  await untilTrue('the foreign member has seen a record and ended', async () => {
    await broker.append(0, ['end']);
    return Promise.race([foreign.then(() => true), sleep(200, false)]);
  });
}

test('a foreign member of the newer group protocol is refused, too, although the broker lets us join', async () => {
  await using broker = await openBroker(2);
  const foreign = startForeign(broker);
  await untilTrue('the foreign member has joined', async () =>
    (await broker.admin.listGroups()).groups.some(({ groupId }) => groupId === broker.group),
  );
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 2), { ends: new Map([[0, 1n]]) });
  await assert.rejects(consuming.ended, { code: 'GROUP_IN_USE' });
  assert.equal(consuming.batches.length, 0);
  assert.deepEqual(await broker.member().committed(), new Map());
  await feedUntilEnded(broker, foreign);
});

test('a foreign member of the newer group protocol that joins later ends the reading, and no partition changes hands silently', async () => {
  await using broker = await openBroker(2);
  const ends = new Map([
    [0, 1000n],
    [1, 1000n],
  ]);
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 2), { ends });
  await untilTrue('it has joined', () => consuming.owned().length === 2);
  const foreign = startForeign(broker);
  await assert.rejects(consuming.ended, { code: 'GROUP_IN_USE' });
  await feedUntilEnded(broker, foreign);
});

test('a member that the group gave up ends as fenced while it waits, and does not come back', async () => {
  await using broker = await openBroker(1);
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), { ends: new Map([[0, 1n]]) });
  await untilTrue('it has joined', () => consuming.heard.length > 0);
  await removeMembers(broker);
  await assert.rejects(consuming.ended, { code: 'FENCED' });
  assert.deepEqual(consuming.heard, ['assigned 0', 'committed 0 0 start']);
  const { groups } = await broker.admin.describeGroups([broker.group]);
  assert.deepEqual(groups[0]?.members, []);
});

test('a member subscribes to the topics of which it wants nothing now, too, or their offsets would expire meanwhile', async () => {
  await using broker = await openBroker(1);
  await using quiet = await openBroker(1);
  const topics = { names: [broker.topic, quiet.topic] };
  const consuming = startConsuming(broker.memberWith({ topics }), fromStart(broker.topic, 1), {
    ends: new Map([[0, 1n]]),
  });
  await untilTrue('it has joined', () => consuming.heard.length > 0);
  const { groups } = await broker.admin.describeGroups([broker.group]);
  const { MemberMetadata } = patchedKafkaJs().AssignerProtocol;
  const subscribed = groups[0]?.members.map(
    (member) => MemberMetadata.decode(member.memberMetadata)?.topics ?? [],
  );
  assert.deepEqual(
    subscribed?.map((of) => of.sort()),
    [[broker.topic, quiet.topic].sort()],
  );
  await consuming.stop();
  assert.deepEqual(consuming.owned(), [0]);
});

test('a member that is given up while a batch is in hand finishes it, commits nothing, and ends as fenced', async () => {
  await using broker = await openBroker(1);
  await broker.append(0, numbers(3));
  const source = broker.member();
  let finished = false;
  const consuming = startConsuming(source, fromStart(broker.topic, 1), {
    ends: new Map([[0, 3n]]),
    handle: async ({ nextOffset }) => {
      await removeMembers(broker);
      finished = true;
      return { commit: { offset: nextOffset, metadata: 'zombie' }, done: true };
    },
  });
  await assert.rejects(consuming.ended, { code: 'FENCED' });
  assert.ok(finished);
  assert.equal(consuming.batches.length, 1);
  assert.deepEqual((await source.committed()).get(`${broker.topic}-0`), { offset: 0n, metadata: 'start' });
});

test('a member that is given up in a slow batch hears of it by a heartbeat', async () => {
  await using broker = await openBroker(1);
  await broker.append(0, numbers(1));
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), {
    ends: new Map([[0, 1n]]),
    handle: async () => {
      await removeMembers(broker);
      // Longer than a heartbeat period; nothing is committed, so only a heartbeat can tell.
      await sleep(2_500);
      return { commit: null, done: false };
    },
  });
  await assert.rejects(consuming.ended, { code: 'FENCED' });
  assert.equal(consuming.batches.length, 1);
});

test('a member that has ended has left the group, however it ended', async () => {
  await using broker = await openBroker(1);
  await broker.append(0, numbers(1));
  const members = async (): Promise<number | undefined> =>
    (await broker.admin.describeGroups([broker.group])).groups[0]?.members.length;
  const ends = new Map([[0, 1n]]);
  await startConsuming(broker.member(), fromStart(broker.topic, 1), { ends }).drained();
  assert.equal(await members(), 0);
  const failing = startConsuming(
    broker.member(),
    [{ topic: broker.topic, partition: 0, start: { offset: 0n, metadata: '', replaces: 1n } }],
    {
      ends,
      handle: () => Promise.reject(new Error('mine')),
    },
  );
  await assert.rejects(failing.ended, /mine/);
  assert.equal(await members(), 0);
});
