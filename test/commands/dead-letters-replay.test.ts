import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stillBadText } from '../../src/commands/dead-letters-replay.js';

const letters = (length: number, code: 'NOT_JSON' | 'TOO_DEEP') =>
  Array.from({ length }, (_, at) => ({ id: `${code}-${String(at)}`, code, reason: 'why' }));

test('a replay shows a hundred of those still bad, and of the others how many have which code', () => {
  const lines = stillBadText([
    ...letters(100, 'NOT_JSON'),
    ...letters(1_200, 'TOO_DEEP'),
    ...letters(1, 'NOT_JSON'),
  ])
    .join('\n')
    .split('\n');
  assert.equal(lines.length, 1 + 1 + 100 + 1);
  assert.equal(lines.at(-1), 'and more, all in --json: 1,200 TOO_DEEP, 1 NOT_JSON');
});

test('a replay with a hundred still bad shows them all and no counts', () => {
  assert.match(stillBadText(letters(100, 'NOT_JSON')).at(-1) ?? '', /NOT_JSON-99 +NOT_JSON +why$/);
  assert.deepEqual(stillBadText([]), []);
});
