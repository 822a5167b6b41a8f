import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeResponse, encodeRequest, fetchIdentities } from '../../src/kafka/topic-identity.js';

const ID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

const OTHER_ID = Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex');

/** With one partition, which has two replicas, one of them in sync. */
function topicOf(name: Buffer, error: number, id: Buffer): Buffer {
  const int32 = Buffer.alloc(4, 1);
  const partition = [Buffer.from([0, 0]), int32, int32, int32, Buffer.from([3]), int32, int32];
  const lists = [Buffer.from([2]), int32, Buffer.from([1]), Buffer.from([0])];
  const head = [Buffer.from([0, error]), name, id, Buffer.from([0, 2])];
  return Buffer.concat([...head, ...partition, ...lists, int32, Buffer.from([1, 3, 1, 9])]);
}

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
    Buffer.from([3]), // two topics
    topicOf(text('orders'), error, ID),
    topicOf(text('refunds'), 0, OTHER_ID),
    Buffer.from([0]),
  ]);
}

test('cluster id and topic ids are found behind brokers with racks, partitions with replicas and tagged fields', () => {
  assert.deepEqual(decodeResponse(response(0)), {
    clusterId: 'cluster-id',
    topicIds: new Map([
      ['orders', 'AAECAwQFBgcICQoLDA0ODw'],
      ['refunds', 'EBESExQVFhcYGRobHB0eHw'],
    ]),
  });
});

test('a topic that is not there has no id', () => {
  assert.deepEqual([...decodeResponse(response(3)).topicIds.keys()], ['refunds']);
});

test('names of 127 bytes and more are written with lengths of two bytes', () => {
  const body = encodeRequest(['x'.repeat(249)]);
  assert.deepEqual([...body.subarray(18, 21)], [0xfa, 0x01, 0x78]);
});

test('a broker from before 2.8 is not asked', async () => {
  const send = (): Promise<never> => Promise.reject(new Error('was asked'));
  const versions = { 3: { maxVersion: 9 } };
  assert.equal(await fetchIdentities({ versions, connectionPool: { send } }, ['orders']), undefined);
});
