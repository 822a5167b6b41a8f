import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callsIn, noteCalls, sharedCalls } from '../../src/drain/transform-calls.js';

const PARTITIONS = ['orders-0', 'orders-1', 'orders-2'];

function openNotes() {
  const shared = sharedCalls(PARTITIONS.length);
  return { notes: noteCalls(shared, PARTITIONS), calls: () => callsIn(shared, PARTITIONS) };
}

describe("the notes of a transform's calls", () => {
  test('say which records are under way, offset 0 and the largest one included', () => {
    const { notes, calls } = openNotes();
    assert.deepEqual(calls(), []);
    notes.began('orders-0', 0n);
    notes.began('orders-2', 2n ** 63n - 2n);
    assert.deepEqual(calls(), [
      { partition: 'orders-0', offset: 0n },
      { partition: 'orders-2', offset: 2n ** 63n - 2n },
    ]);
    notes.ended('orders-0');
    assert.deepEqual(calls(), [{ partition: 'orders-2', offset: 2n ** 63n - 2n }]);
  });

  test('have no place for a partition that was not planned', () => {
    const { notes, calls } = openNotes();
    notes.began('orders-7', 1n);
    notes.ended('orders-7');
    assert.deepEqual(calls(), []);
  });
});
