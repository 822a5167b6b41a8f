import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coalesce } from '../../src/drain/coalesce.js';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { upsert } from './builders.js';

/** The models of each id, oldest first, in order of first appearance. */
function chains(models: readonly WriteModel[]): WriteModel[][] {
  const { newest, olderThan } = coalesce(models);
  return newest.map((last) => {
    const chain: WriteModel[] = [];
    for (let index: number | null = last; index !== null; index = olderThan(index))
      chain.unshift(...models.slice(index, index + 1));
    return chain;
  });
}

function offsets(models: readonly WriteModel[]): bigint[][] {
  return chains(models).map((chain) => chain.map(({ version }) => version.offset));
}

describe('coalescing', () => {
  test('keeps ids apart, in order of first appearance', () => {
    const arrived = [upsert('b', { offset: 1n }), upsert('a', { offset: 2n }), upsert('b', { offset: 3n })];
    assert.deepEqual(
      chains(arrived).map((chain) => chain.map(({ id }) => id)),
      [['b', 'b'], ['a']],
    );
    assert.deepEqual(offsets(arrived), [[1n, 3n], [2n]]);
  });

  test('keeps thousands of ids apart, whatever they have in common', () => {
    const ids = Array.from({ length: 5_000 }, (_, n) => `o-${String(n % 2_500)}`);
    const { newest } = coalesce(ids.map((id, n) => upsert(id, { offset: BigInt(n) })));
    assert.deepEqual(
      newest,
      Array.from({ length: 2_500 }, (_, n) => n + 2_500),
    );
  });

  test('puts the newest version last, not the one that arrived last', () => {
    const arrived = [5n, 9n, 7n, 8n, 1n].map((offset) => upsert('a', { offset }));
    assert.deepEqual(offsets(arrived), [[1n, 5n, 7n, 8n, 9n]]);
  });

  test('orders by epoch, timestamp and partition where the log differs', () => {
    const arrived = [
      upsert('a', { partition: 'orders-1', offset: 1n, timestampMs: 3000 }),
      upsert('a', { partition: 'orders-0', offset: 90n, timestampMs: 2000 }),
      upsert('a', { partition: 'orders-0', offset: 2n, timestampMs: 1000, epoch: 2 }),
    ];
    assert.deepEqual(offsets(arrived), [[90n, 1n, 2n]]);
  });

  test('goes by the id’s BSON identity: what JavaScript holds equal may be two ids', () => {
    const number = { ...upsert('1'), id: 1, idKey: 'n:1' };
    assert.equal(chains([upsert('1'), number]).length, 2);
  });

  test('keeps every model exactly once', () => {
    const arrived = Array.from({ length: 1000 }, (_, i) =>
      upsert(`o-${String(i % 7)}`, { offset: BigInt((i * 37) % 1000) }),
    );
    const found = chains(arrived);
    assert.equal(found.length, 7);
    assert.deepEqual(new Set(found.flat()), new Set(arrived));
    assert.equal(found.flat().length, arrived.length);
    for (const group of offsets(arrived))
      assert.deepEqual(
        group,
        [...group].sort((a, b) => (a < b ? -1 : 1)),
      );
  });

  test('of nothing is nothing', () => {
    assert.deepEqual(chains([]), []);
  });
});
