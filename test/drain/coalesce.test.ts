import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coalesce, type Candidate } from '../../src/drain/coalesce.js';
import type { Version } from '../../src/mongodb/sink.js';
import { record, upsert } from './builders.js';

function candidate(id: string, overrides: Partial<Version> = {}): Candidate {
  return {
    record: record({ key: id, offset: overrides.offset ?? 1n }),
    model: upsert(id, overrides),
    older: null,
  };
}

/** With the older ones before it, oldest first. */
function chainOf(newest: Candidate): Candidate[] {
  return [...(newest.older === null ? [] : chainOf(newest.older)), newest];
}

function offsets(newest: Candidate[]): bigint[][] {
  return newest.map((candidate) => chainOf(candidate).map(({ model }) => model.version.offset));
}

describe('coalescing', () => {
  test('keeps ids apart, in order of first appearance', () => {
    const newest = coalesce([
      candidate('b', { offset: 1n }),
      candidate('a', { offset: 2n }),
      candidate('b', { offset: 3n }),
    ]);
    assert.deepEqual(
      newest.map(({ model }) => model.id),
      ['b', 'a'],
    );
    assert.deepEqual(offsets(newest), [[1n, 3n], [2n]]);
  });

  test('puts the newest version last, not the one that arrived last', () => {
    const arrived = [5n, 9n, 7n, 8n, 1n].map((offset) => candidate('a', { offset }));
    assert.deepEqual(offsets(coalesce(arrived)), [[1n, 5n, 7n, 8n, 9n]]);
  });

  test('orders by epoch, timestamp and partition where the log differs', () => {
    const arrived = [
      candidate('a', { partition: 'orders-1', offset: 1n, timestampMs: 3000 }),
      candidate('a', { partition: 'orders-0', offset: 90n, timestampMs: 2000 }),
      candidate('a', { partition: 'orders-0', offset: 2n, timestampMs: 1000, epoch: 2 }),
    ];
    assert.deepEqual(offsets(coalesce(arrived)), [[90n, 1n, 2n]]);
  });

  test('goes by the id’s BSON identity: what JavaScript holds equal may be two ids', () => {
    const number = { ...candidate('1'), model: { ...upsert('1'), id: 1, idKey: 'n:1' } };
    assert.equal(coalesce([candidate('1'), number]).length, 2);
  });

  test('keeps every candidate exactly once', () => {
    const arrived = Array.from({ length: 1000 }, (_, i) =>
      candidate(`o-${String(i % 7)}`, { offset: BigInt((i * 37) % 1000) }),
    );
    const newest = coalesce(arrived);
    assert.equal(newest.length, 7);
    assert.deepEqual(new Set(newest.flatMap(chainOf)), new Set(arrived));
    assert.equal(newest.flatMap(chainOf).length, arrived.length);
    for (const group of offsets(newest))
      assert.deepEqual(
        group,
        [...group].sort((a, b) => (a < b ? -1 : 1)),
      );
  });

  test('of nothing is nothing', () => {
    assert.deepEqual(coalesce([]), []);
  });
});
