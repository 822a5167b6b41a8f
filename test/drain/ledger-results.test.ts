import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ours, topicState } from './builders.js';
import { open } from './ledger-cases.js';

test('a new partition in which nothing was committed is still new in the result, and no longer once something is', () => {
  const ledger = open({ planned: [{ added: true }, { added: true }], now: [{}, {}] });
  const atStop = topicState([{}, { committed: ours(80n) }]);
  assert.deepEqual(
    ledger.results(atStop).map(({ committed, added }) => [committed, added]),
    [
      [null, true],
      ['80', undefined],
    ],
  );
});
