import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import type { Ledger } from '../../src/drain/ledger.js';
import { DrainError, type ErrorCode } from '../../src/errors.js';
import { foreign, NOW, ours, withTopicId } from './builders.js';
import { open, type Given } from './ledger-cases.js';

/** Where each partition that is joined for begins: `offset over what it replaces`, or `committed`. */
function starts(ledger: Ledger): Record<number, string> {
  return Object.fromEntries(
    ledger
      .starts(() => 'mark')
      .map(({ partition, start }) => {
        const text =
          start === null ? 'committed' : `${String(start.offset)} over ${String(start.replaces ?? 'none')}`;
        return [partition, text];
      }),
  );
}

describe('an attempt begins', () => {
  const cases: readonly (readonly [string, Given, Record<number, string>])[] = [
    ['at the plan’s start where nothing is committed, and commits it', {}, { 0: '40 over none' }],
    [
      'at what is committed',
      { planned: [{ committed: '50', start: '50' }], now: [{ committed: ours(50n) }] },
      { 0: 'committed' },
    ],
    [
      'at what was committed since planning, by whomever',
      { planned: [{ committed: '50', start: '50' }], now: [{ committed: foreign(70n) }] },
      { 0: 'committed' },
    ],
    [
      'at what was committed since planning, where planning found nothing',
      { now: [{ committed: ours(70n) }] },
      { 0: 'committed' },
    ],
    [
      'at what was rewound since planning',
      { planned: [{ committed: '50', start: '50' }], now: [{ committed: foreign(45n) }] },
      { 0: 'committed' },
    ],
    [
      'not at all where the end is committed',
      { planned: [{}, {}], now: [{ committed: ours(100n) }, { committed: ours(99n) }] },
      { 1: 'committed' },
    ],
    [
      'at the plan’s start where only an earlier epoch has committed',
      { rules: { epoch: 2 }, now: [{ committed: ours(70n) }] },
      { 0: '40 over 70' },
    ],
    [
      'at the plan’s start where an unusable offset of the old log was passed over',
      { rules: { epoch: 2 }, now: [{ committed: foreign(900n) }] },
      { 0: '40 over 900' },
    ],
    [
      'at the low watermark where records expired and may be skipped',
      {
        rules: { onDataLoss: 'skip' },
        planned: [{ committed: '10', start: '40' }],
        now: [{ committed: ours(10n) }],
      },
      { 0: '40 over 10' },
    ],
    [
      'with a commit everywhere when a quiet group recommits',
      {
        plan: { quietSince: NOW.toISOString() },
        planned: [{ start: '100' }],
        now: [{ committed: ours(100n) }],
      },
      { 0: '100 over 100' },
    ],
    [
      'with a commit where the log is empty and nothing is committed',
      { planned: [{ start: '0', end: '0' }], now: [{ low: 0n, end: 0n }] },
      { 0: '0 over none' },
    ],
    [
      'everywhere with until idle, at the ends too',
      { rules: { until: 'idle' }, now: [{ committed: ours(100n) }] },
      { 0: 'committed' },
    ],
  ];
  for (const [where, given, expected] of cases) {
    test(where, () => {
      assert.deepEqual(starts(open(given)), expected);
    });
  }
});

describe('an attempt refuses', () => {
  const cases: readonly (readonly [string, Given, ErrorCode])[] = [
    ['another cluster', { log: { clusterId: 'other' } }, 'CONFIG_MISMATCH'],
    ['a topic that was recreated since planning', { log: withTopicId('other') }, 'TOPIC_RECREATED'],
    ['a log that ends below the plan’s end', { now: [{ end: 99n }] }, 'TOPIC_RECREATED'],
    ['a partition that is gone', { planned: [{}, {}] }, 'TOPIC_RECREATED'],
    [
      'a commit by another version rule',
      { now: [{ committed: ours(50n, { rule: 'timestamp' }) }] },
      'CONFIG_MISMATCH',
    ],
    ['a negative commit', { now: [{ committed: foreign(-2n) }] }, 'OFFSET_INVALID'],
    ['a commit beyond the end', { now: [{ committed: foreign(101n) }] }, 'OFFSET_BEYOND_END'],
    [
      'an unusable commit set after planning counted another',
      {
        rules: { epoch: 2 },
        planned: [{ committed: '50', start: '50' }],
        now: [{ committed: foreign(-2n) }],
      },
      'OFFSET_INVALID',
    ],
    ['records that expired since planning', { now: [{ low: 41n }] }, 'RECORDS_EXPIRED'],
    [
      'records that expired behind the commit since planning',
      { planned: [{ committed: '50', start: '50' }], now: [{ low: 51n, committed: ours(50n) }] },
      'RECORDS_EXPIRED',
    ],
  ];
  for (const [what, given, code] of cases) {
    test(`${what}: ${code}`, () => {
      assert.throws(
        () => open(given),
        (error) => error instanceof DrainError && error.code === code,
      );
    });
  }
});

describe('the lost range of an attempt', () => {
  const skip: Partial<PipelineSettings> = { onDataLoss: 'skip' };
  const cases: readonly (readonly [string, Given, unknown])[] = [
    ['is none where nothing expired', { rules: skip }, []],
    [
      'is what expired since planning',
      { rules: skip, now: [{ low: 55n }] },
      [{ topic: 'orders', partition: 0, from: '40', to: '55' }],
    ],
    [
      'is not what the plan reports already',
      { rules: skip, planned: [{ committed: '10', start: '40' }], now: [{ committed: ours(10n) }] },
      [],
    ],
    [
      'is only the part that the plan does not report',
      { rules: skip, planned: [{ committed: '10', start: '40' }], now: [{ low: 55n, committed: ours(10n) }] },
      [{ topic: 'orders', partition: 0, from: '40', to: '55' }],
    ],
  ];
  for (const [what, given, expected] of cases) {
    test(what, () => {
      assert.deepEqual(open(given).lost, expected);
    });
  }
});
