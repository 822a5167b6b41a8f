import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Books } from '../../src/drain/books.js';
import { createCounter } from '../../src/drain/counter.js';
import { books } from './builders.js';

test('what a commit adds is counted once, when it is acknowledged, and only if it is this attempt’s', () => {
  const counted: Books[] = [];
  const counter = createCounter((added) => void counted.push(added));
  counter.prepared('orders-0', 'first', books(10));
  counter.prepared('orders-1', 'dropped', books(20));
  assert.deepEqual(counted, []);
  counter.committed('orders-0', 'first');
  counter.committed('orders-0', 'first');
  counter.committed('orders-1', 'of another member');
  assert.deepEqual(counted, [books(10)]);
});
