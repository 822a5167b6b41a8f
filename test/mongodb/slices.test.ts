import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfOf, toSlices } from '../../src/mongodb/slices.js';

const sized = (...bytes: number[]) => bytes.map((size) => ({ bytes: size }));
const sizes = (slices: { bytes: number }[][]) => slices.map((slice) => slice.map(({ bytes }) => bytes));

test('slices keep the order and stay within count and bytes; a larger item goes alone', () => {
  assert.deepEqual(sizes(toSlices(sized(1, 1, 1, 1, 1), 2, 100)), [[1, 1], [1, 1], [1]]);
  assert.deepEqual(sizes(toSlices(sized(4, 4, 4, 99, 1), 10, 8)), [[4, 4], [4], [99], [1]]);
  assert.deepEqual(sizes(toSlices(sized(1, 1, 1, 1, 1, 1, 1), 3, 100)), [[1, 1, 1], [1, 1, 1], [1]]);
  assert.deepEqual(sizes(toSlices(sized(1, 1, 1, 1, 1), 4, 100)), [
    [1, 1, 1],
    [1, 1],
  ]);
  assert.deepEqual(toSlices([]), []);
});

test('what is cut in halves has enough for two commands, and neither has more than a command takes', () => {
  assert.deepEqual(
    [0, 999, 1_000, 1_001, 3_600, 8_000, 13_000].map(halfOf),
    [4_000, 4_000, 500, 501, 1_800, 4_000, 4_000],
  );
});
