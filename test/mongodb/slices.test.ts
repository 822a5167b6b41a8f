import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toSlices } from '../../src/mongodb/slices.js';

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
