import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Order } from '../../demo/orders.js';
import { countSample, sampleRecords } from '../../demo/sample.js';
import { createRounds } from '../../demo/trickle.js';

void test('the sample is the same at every start, with the counts that the documentation names', () => {
  const records = sampleRecords();
  assert.deepEqual(records, sampleRecords());
  assert.deepEqual(countSample(records), { records: 46_091, orders: 10_000, tombstones: 100, broken: 11 });
});

void test('the updates of an order come in the order of its life, the tombstone last', () => {
  const values = sampleRecords()
    .filter(({ key }) => key === 'o-1100')
    .map(({ value }) => (value === null ? null : (JSON.parse(String(value)) as Order)));
  assert.equal(values.at(-1), null);
  assert.deepEqual(
    values.slice(0, -1).map((order) => order?.revision),
    values.slice(0, -1).map((_, index) => index + 1),
  );
});

void test('updates of many orders are mixed', () => {
  const keys = sampleRecords()
    .slice(20_000, 20_100)
    .map(({ key }) => key);
  assert.ok(new Set(keys).size > 90);
});

void test('new orders have numbers of their own, move on in every round, and are deleted now and then', () => {
  const nextRound = createRounds(50_000);
  const rounds = Array.from({ length: 60 }, () => nextRound(new Date('2026-11-24T12:00:00Z')));
  assert.deepEqual(
    rounds[0]?.map(({ key }) => key),
    ['o-51001'],
  );
  assert.ok((rounds[10]?.length ?? 0) > 2);
  assert.ok(rounds.flat().some(({ value }) => value === null));
});
