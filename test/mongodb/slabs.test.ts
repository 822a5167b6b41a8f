import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSlabs } from '../../src/mongodb/slabs.js';

test('a full slab is used again when all who had a lease meanwhile have given it back', () => {
  const slabs = createSlabs(8);
  const first = slabs.lease();
  const one = slabs.next();
  const second = slabs.lease();
  const two = slabs.next();
  first();
  const three = slabs.next();
  assert.equal(new Set([one, two, three]).size, 3, 'the second lease is still open');
  second();
  const again = [slabs.next(), slabs.next()];
  assert.deepEqual(new Set(again), new Set([one, two]));
});

test('the slab that is being filled is not handed out a second time', () => {
  const slabs = createSlabs(8);
  const current = slabs.next();
  slabs.lease()();
  slabs.lease()();
  assert.notEqual(slabs.next(), current);
});

test('without leases no slab is used again', () => {
  const slabs = createSlabs(8);
  const all = Array.from({ length: 40 }, () => slabs.next());
  slabs.lease()();
  assert.equal(new Set([...all, slabs.next()]).size, 41);
});

test('a slab has as many bytes as are needed, and one that was made for more is used for less, never the other way round', () => {
  const slabs = createSlabs(8);
  const end = slabs.lease();
  const long = slabs.next(20);
  assert.equal(long.length, 20);
  const usual = slabs.next();
  assert.equal(usual.length, 8);
  slabs.next();
  end();
  const lease = slabs.lease();
  const again = [slabs.next(9), slabs.next(9)];
  assert.equal(again[0], long);
  assert.ok(again[1] !== usual && (again[1]?.length ?? 0) >= 9);
  lease();
});

test('no more memory is kept than that of twelve slabs, and the longest of it', () => {
  const slabs = createSlabs(8);
  const end = slabs.lease();
  for (let slab = 0; slab < 12; slab += 1) slabs.next();
  const long = Array.from({ length: 5 }, () => slabs.next(40));
  slabs.next(100);
  slabs.next();
  end();
  slabs.lease();
  const again = Array.from({ length: 5 }, () => slabs.next(40));
  assert.equal(
    again.filter((slab) => long.includes(slab)).length,
    2,
    'those for usual values make room for them',
  );
});

test('for a short value the shortest slab is taken', () => {
  const slabs = createSlabs(8);
  const end = slabs.lease();
  const long = slabs.next(20);
  const usual = slabs.next();
  slabs.next();
  end();
  slabs.lease();
  assert.deepEqual([slabs.next() === usual, slabs.next(20) === long], [true, true]);
});
