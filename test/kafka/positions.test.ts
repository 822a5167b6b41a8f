import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPositions } from '../../src/kafka/positions.js';
import type { CommittedOffset, PartitionName, PartitionStart } from '../../src/kafka/source.js';

const T0 = { topic: 't', partition: 0 };
const committed = (offset: bigint): Map<PartitionName, CommittedOffset> =>
  new Map([['t-0', { offset, metadata: '' }]]);
const wanted = (start: PartitionStart['start']): Map<PartitionName, PartitionStart> =>
  new Map([['t-0', { ...T0, start }]]);
const start = (replaces: bigint | null) => ({ offset: 5n, metadata: 'm', replaces });

test('without a wanted start reading begins at what is committed', () => {
  assert.deepEqual(startPositions([T0], wanted(null), committed(3n)), [{ ...T0, offset: 3n, commit: null }]);
});

test('a wanted start is committed where the group still stands at what it replaces', () => {
  const commit = { offset: 5n, metadata: 'm' };
  assert.deepEqual(startPositions([T0], wanted(start(null)), new Map()), [{ ...T0, offset: 5n, commit }]);
  assert.deepEqual(startPositions([T0], wanted(start(9n)), committed(9n)), [{ ...T0, offset: 5n, commit }]);
});

test('a wanted start yields to any other commit, also to one before it', () => {
  assert.deepEqual(startPositions([T0], wanted(start(null)), committed(2n)), [
    { ...T0, offset: 2n, commit: null },
  ]);
  assert.deepEqual(startPositions([T0], wanted(start(9n)), committed(10n)), [
    { ...T0, offset: 10n, commit: null },
  ]);
});

test('a commit that vanished since it was planned to be replaced is not guessed', () => {
  assert.throws(() => startPositions([T0], wanted(start(9n)), new Map()), {
    code: 'OFFSET_OUT_OF_RANGE',
  });
});

test('a negative commit, as a client that jumped leaves it, is refused by name', () => {
  assert.throws(() => startPositions([T0], wanted(null), committed(-2n)), {
    code: 'OFFSET_INVALID',
    message: /t-0 is -2/,
  });
});
