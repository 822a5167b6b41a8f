import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeUnlisted, encodeUnlisted } from '../src/unlisted.js';

const of = (topic: string, partition: number, committed: string) => ({ topic, partition, committed });

test('what is committed in many partitions of several topics survives, whatever its size', () => {
  const all = [
    of('orders', 0, '0'),
    of('orders', 3, '9223372036854775807'),
    of('shop.refunds-v2', 1, '1042'),
    of('shop.refunds-v2', 0, '35'),
  ];
  const text = encodeUnlisted(all);
  assert.equal(text, 'orders=0,,,1y2p0ij32e8e7 shop.refunds-v2=z,sy');
  type Place = Pick<(typeof all)[number], 'topic' | 'partition'>;
  const byPlace = (a: Place, b: Place) => a.topic.localeCompare(b.topic) || a.partition - b.partition;
  assert.deepEqual(decodeUnlisted(text).sort(byPlace), all.sort(byPlace));
});

test('a partition without a commit is told from one that is listed, and a new one from one that is not', () => {
  const nothing = { topic: 'orders', committed: null };
  const text = encodeUnlisted([
    { ...nothing, partition: 1 },
    { ...nothing, partition: 2, added: true },
  ]);
  assert.equal(text, 'orders=,-,+');
  assert.deepEqual(decodeUnlisted(text), [
    { ...nothing, partition: 1 },
    { ...nothing, partition: 2, added: true },
  ]);
  assert.deepEqual(decodeUnlisted(''), []);
});

test('what earlier releases have left out is not known', () => {
  assert.deepEqual(decodeUnlisted('orders=,,1y2'), [of('orders', 2, String(parseInt('1y2', 36)))]);
});
