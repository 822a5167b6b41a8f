import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PreviousRun } from '../../src/contract.js';
import type { PartitionState } from '../../src/kafka/source.js';
import { NOW, ours, previousRun, topicResult } from './builders.js';
import { describeCases, planOf, type Case, type Given } from './planning-cases.js';

const LIST = { topics: { names: ['orders', 'refunds'] }, topic: 'orders, refunds' };
const PATTERN = { topics: { pattern: '(orders|refunds).*' }, topic: '/(orders|refunds).*/' };
const ORDERS = { topic: 'orders', topicId: 'topic-1' };
const REFUNDS = { topic: 'refunds', topicId: 'topic-2' };
const BOTH = { topics: [ORDERS, REFUNDS] };

/** One partition of each topic: what is committed in it. */
function partitions(
  orders: PartitionState['committed'],
  refunds: PartitionState['committed'],
): Partial<PartitionState>[] {
  return [{ committed: orders }, { topic: 'refunds', partition: 0, committed: refunds }];
}

/** The previous run knew orders only, or both; about the pattern unless told otherwise. */
function previously(...topics: (typeof ORDERS)[]): PreviousRun {
  return previouslyBy(PATTERN.topic, ...topics);
}

function previouslyBy(topic: string, ...topics: (typeof ORDERS)[]): PreviousRun {
  const known = topics.map((planned) => topicResult(planned));
  const run = previousRun([{ committed: '70' }], { topic, topics: known });
  const refunds = { topic: 'refunds', partition: 0, start: '40', end: '70', committed: '70', read: 0 };
  return topics.length < 2 ? run : { ...run, partitions: [...run.partitions, refunds] };
}

const CASES: readonly Case[] = [
  {
    rule: 'each topic is compared with what the previous run left in it',
    given: {
      rules: LIST,
      log: BOTH,
      partitions: partitions(ours(70n), ours(60n)),
      previous: previously(ORDERS, REFUNDS),
    },
    ranges: ['70-100 of 70', '60-100 of 60'],
    continuity: 'replay',
  },
  {
    rule: 'a topic that came to match the pattern was created since: it is read from its beginning, with latest too',
    given: {
      rules: { ...PATTERN, start: 'latest' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previously(ORDERS),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'the same where there is no previous result, by the commits of the other topics',
    given: {
      rules: { ...PATTERN, start: 'latest' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'unknown',
  },
  {
    rule: 'a topic that only a changed pattern matches was perhaps always there: it begins by the start policy',
    given: {
      rules: { ...PATTERN, start: 'latest' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previouslyBy('/orders.*/', ORDERS),
    },
    ranges: ['70-100 of 70', '100-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'a topic that the pattern matched before it was changed, too, was created since',
    given: {
      rules: { ...PATTERN, start: 'latest' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previouslyBy('/(orders|refunds|returns)/', ORDERS),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'a topic that comes with a pattern in place of names begins by the start policy',
    given: {
      rules: { ...PATTERN, start: 'latest' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previouslyBy('orders', ORDERS),
    },
    ranges: ['70-100 of 70', '100-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'a topic that comes with names in place of a pattern begins by the start policy',
    given: {
      rules: { ...LIST, start: 'latest' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previouslyBy('/order.*/', ORDERS),
    },
    ranges: ['70-100 of 70', '100-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'without memory and with commits of ours, a point in time does not keep a topic of the pattern from its low watermark',
    given: {
      rules: { ...PATTERN, start: { timestampMs: NOW.getTime() } },
      log: BOTH,
      partitions: partitions(ours(70n), null),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'unknown',
  },
  {
    rule: 'a topic that was created since is read from its beginning with fail, too',
    given: {
      rules: { ...PATTERN, start: 'fail' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previously(ORDERS),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'in the first run of a pattern the start policy holds for all',
    given: { rules: { ...PATTERN, start: 'latest' }, log: BOTH, partitions: partitions(null, null) },
    ranges: ['100-100 of none', '100-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'a topic that somebody added to the list begins by the start policy',
    given: {
      rules: { ...LIST, start: 'latest' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previouslyBy('orders', ORDERS),
    },
    ranges: ['70-100 of 70', '100-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'a partition that was added to one of the topics begins at its low watermark, and only that is warned of',
    given: {
      rules: { ...PATTERN, start: 'latest' },
      log: BOTH,
      partitions: [{ committed: ours(70n) }, {}, { topic: 'refunds', partition: 0 }],
      previous: previously(ORDERS),
    },
    ranges: ['70-100 of 70', '40-100 of none', '40-100 of none'],
    continuity: 'continuous',
    warnings: ['PARTITIONS_ADDED'],
  },
  {
    rule: 'a topic of the pattern that is gone is warned of once',
    given: {
      rules: PATTERN,
      partitions: [{ committed: ours(70n) }],
      previous: previously(ORDERS, REFUNDS),
    },
    ranges: ['70-100 of 70'],
    continuity: 'continuous',
    warnings: ['TOPIC_GONE'],
  },
  {
    rule: 'a new topic with a collection of its own is warned of, since `setup` makes its index and view',
    given: {
      rules: { ...PATTERN, collection: '${topic}' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previously(ORDERS),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'continuous',
    warnings: ['TOPIC_ADDED'],
  },
  {
    rule: 'and is not where deletes leave no markers',
    given: {
      rules: { ...PATTERN, collection: '${topic}', deletes: 'ignore' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
      previous: previously(ORDERS),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'continuous',
  },
  {
    rule: 'nor where the previous run knew it',
    given: {
      rules: { ...PATTERN, collection: '${topic}' },
      log: BOTH,
      partitions: partitions(ours(70n), ours(70n)),
      previous: previously(ORDERS, REFUNDS),
    },
    ranges: ['70-100 of 70', '70-100 of 70'],
    continuity: 'continuous',
  },
  {
    rule: 'a topic that the list no longer has is forgotten',
    given: {
      partitions: [{ committed: ours(70n) }],
      previous: previouslyBy(LIST.topic, ORDERS, REFUNDS),
    },
    ranges: ['70-100 of 70'],
    continuity: 'continuous',
  },
];

describeCases('a plan of several topics', CASES);

describe('a topic that only a changed pattern matches', () => {
  test('is refused by `start: fail`, and so is one of which nothing tells whether it was there before', () => {
    const given: Given = {
      rules: { ...PATTERN, start: 'fail' },
      log: BOTH,
      partitions: partitions(ours(70n), null),
    };
    const refused = { code: 'START_REQUIRED', message: /refunds-0.*no committed offset.*"start: fail"/ };
    assert.throws(() => planOf({ ...given, previous: previouslyBy('/orders.*/', ORDERS) }), refused);
    assert.throws(() => planOf(given), refused);
  });
});

describe('a topic of a pattern that is gone', () => {
  const gone: Given = {
    rules: PATTERN,
    partitions: [{ committed: ours(70n) }],
    previous: previously(ORDERS, REFUNDS),
  };

  test('is remembered by run after run, and warned of no more', () => {
    const first = planOf(gone);
    assert.deepEqual(first.topics, [ORDERS, { ...REFUNDS, gone: true }]);
    const topics = first.topics.map((planned) => topicResult(planned));
    const second = planOf({
      ...gone,
      previous: previousRun([{ committed: '70' }], { topic: PATTERN.topic, topics }),
    });
    assert.deepEqual(second.topics, first.topics);
    assert.deepEqual(second.warnings, []);
  });

  test('and comes back under its name is another one: its offsets begin anew', () => {
    const topics = [topicResult(ORDERS), topicResult({ ...REFUNDS, gone: true })];
    const recreated = { topics: [ORDERS, { topic: 'refunds', topicId: 'topic-3' }] };
    const given = { ...gone, log: recreated, previous: previousRun([{ committed: '70' }], { topics }) };
    assert.throws(() => planOf(given), {
      code: 'TOPIC_RECREATED',
      message: /"refunds".*topic-2 then, topic-3 now/,
    });
  });
});
