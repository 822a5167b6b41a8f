import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbers } from '../contract/source-contract.js';
import { openBroker } from './broker.js';
import { fromStart, startConsuming, untilTrue } from './consuming.js';
import { createTopic } from '../../stack/topics.js';

test('records deleted under a running member end it with place and offset, and the commit stays where it was', async () => {
  await using broker = await openBroker(1);
  await broker.append(0, numbers(10));
  const source = broker.member();
  await broker.admin.fetchTopicOffsets(broker.topic); // kafkajs deletes only where it knows the leader already
  const consuming = startConsuming(source, fromStart(broker.topic, 1), {
    ends: new Map([[0, 10n]]),
    handle: async ({ records }) => {
      await broker.admin.deleteTopicRecords({
        topic: broker.topic,
        partitions: [{ partition: 0, offset: '8' }],
      });
      const offset = (records[4]?.offset ?? 0n) + 1n;
      return { commit: { offset, metadata: 'mine' }, done: false };
    },
  });
  await assert.rejects(consuming.ended, (error: Error & { code?: string }) => {
    assert.equal(error.code, 'OFFSET_OUT_OF_RANGE');
    assert.match(error.message, new RegExp(`^Offset 5 of ${broker.topic}-0 `));
    return true;
  });
  assert.equal(consuming.batches.length, 1);
  assert.deepEqual((await source.committed()).get(`${broker.topic}-0`), { offset: 5n, metadata: 'mine' });
  assert.equal((await source.inspect()).partitions[0]?.low, 8n);
});

test('a committed offset behind the log ends the member at once, without a jump', async () => {
  await using broker = await openBroker(1);
  await broker.append(0, numbers(3));
  const source = broker.member();
  const beyond = [
    { topic: broker.topic, partition: 0, start: { offset: 100n, metadata: '', replaces: null } },
  ];
  const consuming = startConsuming(source, beyond, { ends: new Map([[0, 103n]]) });
  let ended = false;
  consuming.ended.catch(() => (ended = true));
  // A member that jumps would read on for ever.
  await untilTrue('the end, or that it reads on', () => ended || consuming.signs.fetched >= 3);
  consuming.abort();
  await assert.rejects(consuming.ended, { code: 'OFFSET_OUT_OF_RANGE' });
  assert.equal(consuming.batches.length, 0);
  assert.equal((await source.committed()).get(`${broker.topic}-0`)?.offset, 100n);
});

test('a topic that does not exist is said so, and is not created', async () => {
  await using broker = await openBroker(1);
  const missing = `${broker.topic}-missing`;
  const source = broker.memberWith({ topics: { names: [missing] } });
  await assert.rejects(source.inspect(), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'TOPIC_NOT_FOUND');
    assert.match(error.message, new RegExp(missing));
    return true;
  });
  await assert.rejects(startConsuming(source, fromStart(broker.topic, 1), { ends: new Map() }).ended, {
    code: 'TOPIC_NOT_FOUND',
  });
  assert.ok(!(await broker.admin.listTopics()).includes(missing));
});

test('a topic deleted and created again has another id', async () => {
  await using broker = await openBroker(1);
  const source = broker.member();
  const [topic] = (await source.inspect()).topics;
  const topicId = topic?.topicId;
  assert.match(topicId ?? '', /^[\w-]{22}$/);
  assert.equal((await broker.member().inspect()).topics[0]?.topicId, topicId);
  await broker.admin.deleteTopics({ topics: [broker.topic] });
  await createTopic(broker.admin, { topic: broker.topic, numPartitions: 1, configEntries: [] });
  const again = (await source.inspect()).topics[0]?.topicId;
  assert.match(again ?? '', /^[\w-]{22}$/);
  assert.notEqual(again, topicId);
});
