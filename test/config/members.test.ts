import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, configurationFrom, mistakesIn } from './builders.js';

const PER_MEMBER =
  'counts the records of a run, and its `members` count each for itself; leave one of the two out';

describe('the members of a run', () => {
  for (const [rule, orders, mistake] of [
    [
      'are 16 at most',
      '{ topic: orders, members: 17 }',
      '5:37 pipelines.orders.members: 17: expected a whole number from 1 to 16',
    ],
    [
      'are one where a run has a limit of records',
      '{ topic: orders, members: 2, limits: { maxRecords: 5 } }',
      `5:62 pipelines.orders.limits.maxRecords: 5: ${PER_MEMBER}`,
    ],
    [
      'are one where a run tolerates a number of bad records',
      '{ topic: orders, members: 2, deadLetters: { tolerate: { count: 5, ratio: 0.1 } } }',
      `5:74 pipelines.orders.deadLetters.tolerate.count: 5: ${PER_MEMBER}`,
    ],
    [
      'are one where deletes are hard',
      '{ topic: orders, deletes: hard, members: 2 }',
      '5:37 pipelines.orders.deletes: "hard": hard deletes cannot be combined with `members`: one that is behind would bring documents back whose keys have moved to a partition of another one; use soft',
    ],
  ] as const) {
    test(rule, () => assert.deepEqual(mistakesIn(configuration({ orders })), [`drain.yaml:${mistake}`]));
  }

  test('may be several with everything else, overlapping runs as well', () => {
    const orders =
      '{ topic: orders, members: 16, until: idle, limits: { maxRecords: null }, deadLetters: { tolerate: { ratio: 0.1 } }, schedule: { overlap: allow-all } }';
    const { pipelines } = configurationFrom(configuration({ orders })).settings;
    assert.equal(pipelines.get('orders')?.members, 16);
  });

  test('may differ between workers: the plan says how many a run has', () => {
    const fingerprint = (orders: string) =>
      configurationFrom(configuration({ orders })).settings.pipelines.get('orders')?.fingerprint;
    assert.equal(fingerprint('{ topic: orders, members: 4 }'), fingerprint('{ topic: orders }'));
  });
});
