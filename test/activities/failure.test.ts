import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { toFailure } from '../../src/activities/failure.js';
import { DrainError } from '../../src/errors.js';

describe('the failure of an activity', () => {
  test('has the code as its type, the message, and where the run stood', () => {
    const { type, message, details } = toFailure(new DrainError('STALLED', 'orders-3: nothing arrived'), [
      { read: 7 },
    ]);
    assert.deepEqual(
      { type, message, details },
      {
        type: 'STALLED',
        message: 'orders-3: nothing arrived',
        details: [{ read: 7 }],
      },
    );
  });

  test('is tried again only where that can help', () => {
    assert.equal(toFailure(new DrainError('KAFKA_UNAVAILABLE', '')).nonRetryable, false);
    assert.equal(toFailure(new DrainError('RECORDS_EXPIRED', '')).nonRetryable, true);
  });

  test('keeps the name of what nobody foresaw, and tries it again', () => {
    const { type, message, nonRetryable } = toFailure(new TypeError('x is not a function'));
    assert.deepEqual([type, message, nonRetryable], ['UNEXPECTED', 'TypeError: x is not a function', false]);
  });

  test('leaves a failure of Temporal as it is', () => {
    const failure = ApplicationFailure.create({ message: 'as it is' });
    assert.equal(toFailure(failure), failure);
  });
});
