import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCron } from '../../src/config/cron.js';

describe('a cron expression', () => {
  test('has minutes, hours, days, months and weekdays', () => {
    assert.deepEqual(parseCron('*/15 3 1,15 jan-mar MON-FRI/2'), {
      minute: [{ start: 0, end: 59, step: 15 }],
      hour: [{ start: 3, end: 3, step: 1 }],
      dayOfMonth: [
        { start: 1, end: 1, step: 1 },
        { start: 15, end: 15, step: 1 },
      ],
      month: [{ start: 1, end: 3, step: 1 }],
      dayOfWeek: [{ start: 1, end: 5, step: 2 }],
    });
  });

  test('may be @hourly to @yearly', () => {
    assert.deepEqual(parseCron('@daily'), parseCron('0 0 * * *'));
  });

  test('knows Sunday as 0 and 7', () => {
    assert.deepEqual(parseCron('0 0 * * 7')?.dayOfWeek, [{ start: 0, end: 0, step: 1 }]);
  });

  test('with a step from one value goes on to the end', () => {
    assert.deepEqual(parseCron('5/20 * * * *')?.minute, [{ start: 5, end: 59, step: 20 }]);
  });

  const wrong = [
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
  ];
  for (const expression of [
    ...wrong,
    '5-1 * * * *',
    '*/0 * * * *',
    '*-5 * * * *',
    'a * * * *',
    '@every 5m',
  ]) {
    test(`is not ${JSON.stringify(expression)}`, () => {
      assert.equal(parseCron(expression), null);
    });
  }
});
