import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createIdleClock, type IdleClock } from '../../src/drain/idle-clock.js';

type Step = keyof Omit<IdleClock, 'idleMs'> | number | { fetchedWhileOutMs: number };

/** Numbers let time pass. By itself no other fetch is out when one comes back. */
function idleAfter(...steps: Step[]): number {
  let now = 5_000;
  const idle = createIdleClock(() => now);
  for (const step of steps) {
    if (typeof step === 'number') now += step;
    else if (typeof step === 'object') idle.fetched(step.fetchedWhileOutMs);
    else if (step === 'fetched') idle.fetched(0);
    else idle[step]();
  }
  return idle.idleMs();
}

const EMPTY_FETCH: readonly Step[] = ['fetching', 500, 'fetched'];

describe('idleness', () => {
  const cases: readonly (readonly [string, Step[], number])[] = [
    ['is none before the first fetch', [900], 0],
    [
      'is not known before another fetch begins: the one that came back may have brought something',
      [...EMPTY_FETCH],
      0,
    ],
    [
      'grows with fetches that bring nothing',
      [...EMPTY_FETCH, ...EMPTY_FETCH, ...EMPTY_FETCH, 'fetching'],
      1500,
    ],
    ['does not grow while a fetch is out: its broker may hang', [...EMPTY_FETCH, 'fetching', 9_000], 500],
    [
      'does not grow with the answers of other brokers while one of them hangs',
      [
        'fetching',
        500,
        { fetchedWhileOutMs: 500 },
        'fetching',
        500,
        { fetchedWhileOutMs: 1_000 },
        'fetching',
      ],
      0,
    ],
    [
      'grows up to when the first of the fetches was sent that are still out',
      [...EMPTY_FETCH, 'fetching', 500, { fetchedWhileOutMs: 400 }, 'fetching'],
      600,
    ],
    ['begins anew when a batch arrives', [...EMPTY_FETCH, ...EMPTY_FETCH, 'batchBegins'], 0],
    [
      'is none when a batch arrives with the fetch that lasted long',
      ['fetching', 9_000, 'fetched', 'batchBegins', 'batchEnds', 'fetching'],
      0,
    ],
    [
      'stands still while a batch is in hand',
      ['fetching', 10, 'fetched', 'batchBegins', ...EMPTY_FETCH, ...EMPTY_FETCH, 'fetching'],
      0,
    ],
    [
      'does not count the time of the batch',
      ['batchBegins', 9_000, 'batchEnds', ...EMPTY_FETCH, 'fetching'],
      500,
    ],
    [
      'stands still until the last of several batches has ended',
      ['batchBegins', 'batchBegins', 'batchEnds', ...EMPTY_FETCH, 'fetching', 'batchEnds'],
      0,
    ],
    [
      'begins anew with a fetch sent after a batch, not with one sent before',
      ['batchBegins', 'fetching', 9_000, 'batchEnds', 'fetched', 'fetching', 20, 'fetched', 'fetching'],
      20,
    ],
    ['begins anew after an outage or a rebalance', [...EMPTY_FETCH, ...EMPTY_FETCH, 'interrupted', 9_000], 0],
    [
      'does not count a fetch that an outage interrupted',
      ['fetching', 9_000, 'interrupted', 'fetched', 'fetching'],
      0,
    ],
  ];
  for (const [rule, steps, expected] of cases) {
    test(rule, () => {
      assert.equal(idleAfter(...steps), expected);
    });
  }
});
