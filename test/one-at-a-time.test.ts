import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneAtATime } from '../src/one-at-a-time.js';

test('calls run one after the other, in their order, also after one that fails', async () => {
  const steps: string[] = [];
  const call = oneAtATime(async (name: string) => {
    steps.push(`${name} begins`);
    await new Promise(setImmediate);
    steps.push(`${name} ends`);
    if (name === 'b') throw new Error('broken');
    return name;
  });
  const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => call(name)));
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(steps, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});
