import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attemptTimes } from '../../src/activities/deadline.js';
import type { RunLimits } from '../../src/contract.js';
import { DrainError } from '../../src/errors.js';

const MINUTE = 60_000;

function limits(overrides: Partial<RunLimits> = {}): RunLimits {
  return {
    budgetMs: 4 * MINUTE,
    startToCloseMs: 4.5 * MINUTE,
    scheduleToCloseMs: 10 * MINUTE,
    heartbeatTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    stallTimeoutMs: 20_000,
    maxRecords: null,
    ...overrides,
  };
}

describe("an attempt's times", () => {
  test('the thread is dead ten seconds before the server gives the attempt up, and stops itself well before', () => {
    assert.deepEqual(attemptTimes(limits(), 0), {
      budgetMs: 4 * MINUTE,
      stopByMs: 4 * MINUTE,
      killMs: 4.5 * MINUTE - 10_000,
    });
  });

  test('a budget that leaves too little time to stop is cut', () => {
    const { budgetMs, killMs } = attemptTimes(limits({ budgetMs: 4.5 * MINUTE - 1_000 }), 0);
    assert.equal(killMs - budgetMs, 20_000);
  });

  test('a short budget may begin late: the time to stop by is the same', () => {
    assert.deepEqual(attemptTimes(limits({ budgetMs: 2_000 }), 0), {
      budgetMs: 2_000,
      stopByMs: 4 * MINUTE,
      killMs: 4.5 * MINUTE - 10_000,
    });
  });

  test('a later attempt has what is left of the time for all attempts', () => {
    assert.deepEqual(attemptTimes(limits(), 8 * MINUTE), {
      budgetMs: 2 * MINUTE - 30_000,
      stopByMs: 2 * MINUTE - 30_000,
      killMs: 2 * MINUTE - 10_000,
    });
  });

  test('short limits have margins in proportion, so that there is time to work in', () => {
    assert.deepEqual(attemptTimes(limits({ budgetMs: 9_000, startToCloseMs: 10_000 }), 0), {
      budgetMs: 7_000,
      stopByMs: 7_000,
      killMs: 9_000,
    });
  });

  test('an attempt that could only begin to join is refused', () => {
    assert.ok(attemptTimes(limits(), 10 * MINUTE - 31_000).budgetMs > 0);
    assert.throws(
      () => attemptTimes(limits(), 10 * MINUTE - 30_000),
      (error) =>
        error instanceof DrainError && error.code === 'NO_TIME_LEFT' && error.message.includes('30 s'),
    );
  });
});
