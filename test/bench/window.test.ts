import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rateOf, windowOf, type CounterSample } from '../../bench/window.js';

/** A sample every 10 ms with these counts of writes, and none or these of queries. */
function samples(writes: number[], queries: number[] = []): CounterSample[] {
  return writes.map((count, index) => ({ atMs: index * 10, writes: count, queries: queries[index] ?? 0 }));
}

describe('the window of writing', () => {
  test('goes from the last sample before the first change to the first one with the final count', () => {
    assert.deepEqual(windowOf(samples([7, 7, 9, 9, 12, 12, 12])), { fromMs: 10, firstMs: 20, toMs: 40 });
  });

  test('is that of the queries where nothing was written', () => {
    assert.deepEqual(windowOf(samples([7, 7, 7, 7], [0, 1, 2, 2])), { fromMs: 0, firstMs: 10, toMs: 20 });
  });

  test("doesn't heed queries where something was written", () => {
    assert.deepEqual(windowOf(samples([7, 7, 8, 8], [0, 1, 2, 3])), { fromMs: 10, firstMs: 20, toMs: 20 });
  });

  test('is none where nothing happened, or nothing was sampled', () => {
    assert.equal(windowOf(samples([7, 7, 7])), null);
    assert.equal(windowOf([]), null);
  });
});

test('the rate is the records in the window, per second', () => {
  assert.equal(rateOf(500, { fromMs: 1_000, firstMs: 1_010, toMs: 1_250 }), 2_000);
  assert.equal(rateOf(500, null), null);
  assert.equal(rateOf(500, { fromMs: 5, firstMs: 5, toMs: 5 }), null);
});
