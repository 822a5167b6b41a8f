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

test('what is committed under an earlier epoch is not in the result: the next run would resume there', () => {
  const old = { committed: ours(90n, { epoch: 1 }) };
  const ledger = open({ rules: { epoch: 2 }, now: [old] });
  const [result] = ledger.results(topicState([old]));
  assert.equal(result?.committed, null);
});
