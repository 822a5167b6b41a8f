import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachLimited } from '../src/for-each-limited.js';

test('no more than the limit run at once, and all run', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachLimited([1, 2, 3, 4, 5], 2, async (value) => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
    done.push(value);
  });
  assert.equal(most, 2);
  assert.deepEqual(done.sort(), [1, 2, 3, 4, 5]);
});

test('after a failure nothing new begins, and it is thrown when all have ended', async () => {
  const begun: number[] = [];
  let ended = 0;
  const all = forEachLimited([1, 2, 3, 4, 5], 2, async (value) => {
    begun.push(value);
    await new Promise((resolve) => setTimeout(resolve, value === 1 ? 1 : 20));
    ended += 1;
    if (value === 1) throw new Error('first');
  });
  await assert.rejects(all, /first/);
  assert.deepEqual(begun, [1, 2]);
  assert.equal(ended, 2);
});
