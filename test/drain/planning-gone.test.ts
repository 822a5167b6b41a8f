import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Plan, PlannedTopic } from '../../src/contract.js';
import { ours, previousRun, topicResult } from './builders.js';
import { planOf, type Given } from './planning-cases.js';

const PATTERN = { topics: { pattern: 'orders.*' }, topic: '/orders.*/' };
const ORDERS = { topic: 'orders', topicId: 'topic-1' };
const REMEMBERED = 30;

/** The plan where only `orders` is left of the given. */
function planAfter(topics: readonly PlannedTopic[], given: Given = {}): Plan {
  const known = topics.map((planned) => topicResult(planned));
  const previous = previousRun([{ committed: '70' }], { topic: PATTERN.topic, topics: known });
  return planOf({ rules: PATTERN, partitions: [{ committed: ours(70n) }], previous, ...given });
}

function numbered(count: number): PlannedTopic[] {
  return Array.from({ length: count }, (_, index) => {
    return { topic: `orders.${String(index)}`, topicId: `id-${String(index)}` };
  });
}

describe('topics of a pattern that are gone', () => {
  test('are remembered up to a number, those that went last before the others', () => {
    const many = planAfter([ORDERS, ...numbered(REMEMBERED)]);
    assert.equal(many.topics.length, 1 + REMEMBERED);
    const more = planAfter([ORDERS, { topic: 'orders.new', topicId: 'id-new' }, ...many.topics.slice(1)]);
    const names = more.topics.map(({ topic }) => topic);
    const oldest = numbered(REMEMBERED).map(({ topic }) => topic);
    assert.deepEqual(names, ['orders', 'orders.new', ...oldest.slice(0, -1)]);
  });

  test('and are forgotten are new where they come back: read from their beginning', () => {
    const back = { topic: 'orders.back', topicId: 'id-2' };
    const plan = planAfter([ORDERS], {
      rules: { ...PATTERN, start: 'latest' },
      log: { topics: [ORDERS, back] },
      partitions: [{ committed: ours(70n) }, { topic: back.topic, partition: 0, low: 0n, end: 9n }],
    });
    assert.deepEqual(
      plan.partitions.map(({ start }) => start),
      ['70', '0'],
    );
  });
});

test('of a warning about very many partitions or topics the first are told one by one, the others counted', () => {
  const { warnings } = planAfter([ORDERS, ...numbered(400)]);
  assert.deepEqual([...new Set(warnings.map(({ code }) => code))], ['TOPIC_GONE']);
  assert.equal(warnings.length, 21);
  assert.match(warnings[0]?.message ?? '', /topic "orders\.0" isn't there any more/);
  assert.equal(warnings[20]?.message, 'the same of 380 more.');
});
