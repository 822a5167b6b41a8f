import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatResult } from '../../src/commands/format-result.js';
import { createStyle } from '../../src/commands/style.js';
import { resultOf } from '../../src/workflows/result.js';
import { ENDED, outcome, plan, STARTED } from '../workflows/builders.js';

const PLAIN = createStyle(false);

describe("a run's result for people", () => {
  test('has a line for each member where there were several, and none where one drain had all', () => {
    const members = [
      { member: 1, stopReason: 'drained' as const, attempt: 1, partitions: 2, read: 1_200 },
      { member: 2, stopReason: 'budget' as const, attempt: 2, partitions: 1, read: 300 },
    ];
    const shared = formatResult(resultOf(plan(), { ...outcome(), members }, STARTED, ENDED), PLAIN);
    assert.match(shared, /^member {2}ended {4}attempt {2}partitions {3}read$/m);
    assert.match(shared, /^ {5}2 {2}budget {9}2 {11}1 {4}300$/m);
    assert.doesNotMatch(formatResult(resultOf(plan(), outcome(), STARTED, ENDED), PLAIN), /member/);
  });
});
