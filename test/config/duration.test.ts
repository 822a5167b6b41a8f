import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatDuration, parseDuration } from '../../src/config/duration.js';

const DURATIONS: readonly (readonly [string, number])[] = [
  ['500ms', 500],
  ['30s', 30_000],
  ['4m', 240_000],
  ['1m30s', 90_000],
  ['4m30s', 270_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['1d2h3m4s5ms', 93_784_005],
];

describe('a duration', () => {
  for (const [text, durationMs] of DURATIONS) {
    test(`${text} is ${durationMs} ms, and back`, () => {
      assert.equal(parseDuration(text), durationMs);
      assert.equal(formatDuration(durationMs), text);
    });
  }

  for (const text of [
    '',
    '5',
    '5 m',
    '-5m',
    '1.5h',
    '30s1m',
    '1m1m',
    '4min',
    '5M',
    'm',
    '9999999999999999d',
    'PT5M',
  ]) {
    test(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(parseDuration(text), null);
    });
  }

  test('of more than its unit is written shorter', () => {
    assert.equal(parseDuration('90s'), 90_000);
    assert.equal(formatDuration(90_000), '1m30s');
    assert.equal(formatDuration(0), '0s');
  });
});
