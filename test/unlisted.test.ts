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
  const byPlace = (a: (typeof all)[number], b: (typeof all)[number]) =>
    a.topic.localeCompare(b.topic) || a.partition - b.partition;
  assert.deepEqual(decodeUnlisted(text).sort(byPlace), all.sort(byPlace));
});

test('a partition without a commit is left out', () => {
  assert.equal(encodeUnlisted([{ topic: 'orders', partition: 0, committed: null }]), '');
  assert.deepEqual(decodeUnlisted(''), []);
});
