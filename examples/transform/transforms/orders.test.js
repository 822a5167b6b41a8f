// node --test transforms/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transformRecord } from 'kafka-drain/testing';
import { transform } from './orders.js';

const ORDER = { customer: 'c-7', currency: 'EUR', items: [{ sku: 'a', quantity: 2, cents: 1250 }] };

test('an order is stored with its total, time and source', async () => {
  const orderedAt = new Date('2026-01-31T12:00:00Z');
  const record = { key: 'o-1', value: ORDER, timestamp: orderedAt, headers: { source: 'app' } };
  assert.deepEqual(await transformRecord(transform, record), {
    outcome: 'written',
    document: {
      _id: 'o-1',
      customer: 'c-7',
      items: [{ sku: 'a', quantity: 2 }],
      total: { cents: 2500, currency: 'EUR' },
      orderedAt,
      source: 'app',
    },
  });
});

test("orders of the shop's own tests are skipped", async () => {
  const record = { key: 'o-2', value: { ...ORDER, test: true } };
  assert.deepEqual(await transformRecord(transform, record), { outcome: 'skipped' });
});

test('an order without items is a dead letter', async () => {
  assert.deepEqual(await transformRecord(transform, { key: 'o-3', value: { customer: 'c-7' } }), {
    outcome: 'dead-lettered',
    stage: 'transform',
    code: 'TRANSFORM_FAILED',
    reason: 'the transform threw TypeError',
  });
});
