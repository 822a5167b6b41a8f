import assert from 'node:assert/strict';
import type { RunResult } from '../../src/contract.js';

/** Every record read ended in exactly one outcome, per run; and the partitions' reads add up to the run's. */
export function assertBalanced({ records, partitions }: RunResult): void {
  const { read, ...outcomes } = records;
  const sum = Object.values(outcomes).reduce((total, count) => total + count, 0);
  assert.equal(sum, read, 'the outcomes add up to the records read');
  assert.equal(
    partitions.reduce((total, partition) => total + partition.read, 0),
    read,
    'the partitions add up',
  );
}
