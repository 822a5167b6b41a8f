import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runContinuity, type PartitionContinuity } from '../../src/drain/continuity.js';

const CASES: readonly (readonly [PartitionContinuity[], string])[] = [
  [['continuous', 'gap', 'replay', 'resumed'], 'gap'],
  [['continuous', 'resumed', 'replay'], 'replay'],
  [['continuous', 'resumed'], 'resumed'],
  [['continuous', 'new', 'unremembered', 'first'], 'continuous'],
  [['unremembered', 'new', 'first'], 'unknown'],
  [['first', 'new'], 'first'],
  [['first'], 'first'],
  [[], 'first'],
];

for (const [partitions, expected] of CASES) {
  test(`a run of ${partitions.join(', ') || 'no partitions'} is ${expected}, in whatever order`, () => {
    assert.equal(runContinuity(partitions), expected);
    assert.equal(runContinuity([...partitions].reverse()), expected);
  });
}
