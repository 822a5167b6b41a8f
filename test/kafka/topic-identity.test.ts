import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeResponse, encodeRequest, fetchTopicIdentity } from '../../src/kafka/topic-identity.js';

const ID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

/** A Metadata response, version 10, with a rack and a tagged field on the way. */
function response(error: number): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0]), // header's tags, throttle time
    Buffer.from([3]), // two brokers
    ...[
      Buffer.from([0, 0, 0, 1]),
      text('one'),
      Buffer.from([0, 0, 0x23, 0x84]),
      text('rack'),
      Buffer.from([0]),
    ],
    ...[
      Buffer.from([0, 0, 0, 2]),
      text('two'),
      Buffer.from([0, 0, 0x23, 0x84]),
      Buffer.from([0, 1, 9, 2, 7, 7]),
    ],
    text('cluster-id'),
    Buffer.from([0, 0, 0, 1]), // controller
    Buffer.from([2, 0, error]),
    text('orders'),
    ID,
  ]);
}

test('cluster id and topic id are found behind brokers with racks and tagged fields', () => {
  assert.deepEqual(decodeResponse(response(0)), {
    clusterId: 'cluster-id',
    topicId: 'AAECAwQFBgcICQoLDA0ODw',
  });
});

test('a topic that is not there has no id', () => {
  assert.equal(decodeResponse(response(3)).topicId, null);
});

test('names of 127 bytes and more are written with lengths of two bytes', () => {
  const body = encodeRequest('x'.repeat(249));
  assert.deepEqual([...body.subarray(18, 21)], [0xfa, 0x01, 0x78]);
});

test('a broker from before 2.8 is not asked', async () => {
  const send = (): Promise<never> => Promise.reject(new Error('was asked'));
  const versions = { 3: { maxVersion: 9 } };
  assert.equal(await fetchTopicIdentity({ versions, connectionPool: { send } }, 'orders'), undefined);
});
