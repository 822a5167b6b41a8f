import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rateOf, windowOf, type CounterSample } from '../../bench/window.js';

/** A sample every 10 ms with these counts of writes, and none or these of queries. */
function samples(writes: number[], queries: number[] = []): CounterSample[] {
  return writes.map((count, index) => ({ atMs: index * 10, writes: count, queries: queries[index] ?? 0 }));
}

describe('the window', () => {
  test('begins with the last sample before the first change and ends with the final count', () => {
    assert.deepEqual(windowOf(samples([7, 7, 9, 9, 11, 11, 11])), { fromMs: 10, firstMs: 20, toMs: 40 });
  });

  test('covers looks before the first write and after the last one', () => {
    const replay = samples([7, 7, 7, 7, 8, 8, 8, 8, 8], [0, 0, 10, 20, 29, 40, 50, 70, 70]);
    assert.deepEqual(windowOf(replay), { fromMs: 10, firstMs: 40, toMs: 70 });
  });

  test('is that of the looks where nothing was written', () => {
    assert.deepEqual(windowOf(samples([7, 7, 7, 7], [0, 1, 2, 2])), { fromMs: 0, firstMs: 10, toMs: 20 });
  });

  test('ends between two samples where the pace before says so, whatever that pace was at first', () => {
    const fastThenSlow = [0, 90_000, ...Array.from({ length: 30 }, (_, index) => 100_000 + index * 10)];
    const window = windowOf(samples([...fastThenSlow, 100_294, 100_294]));
    assert.deepEqual(window?.toMs, 314);
  });

  test('ends with the sample that has the final count where more was done than the pace allows, or nothing before', () => {
    assert.equal(windowOf(samples([0, 10, 20, 90, 90]))?.toMs, 30);
    assert.equal(windowOf(samples([0, 90, 90]))?.toMs, 10);
    const paused = [0, ...Array.from({ length: 40 }, () => 10)];
    assert.equal(windowOf(samples([...paused, 20]))?.toMs, 410);
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
