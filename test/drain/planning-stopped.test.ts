import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_LISTED_PARTITIONS, type Plan } from '../../src/contract.js';
import type { PartitionState } from '../../src/kafka/source.js';
import { resultOf, untouched } from '../../src/workflows/result.js';
import { NOW, ours } from './builders.js';
import { planOf, type Given } from './planning-cases.js';

/** The plan of the run after one that was stopped before its drain had committed anything. */
function planAfterStop(given: Given, then: Given = given): Plan {
  const plan = planOf(given);
  const previous = resultOf(plan, untouched(plan, 'stopped'), NOW, NOW);
  return planOf({ ...then, previous });
}

function many(count: number, overrides: Partial<PartitionState> = {}): Partial<PartitionState>[] {
  return Array.from({ length: count }, () => overrides);
}

function startsOf({ partitions }: Plan): string[] {
  return [...new Set(partitions.map(({ topic, start }) => `${topic} at ${start}`))];
}

const LISTED = 2;
const NOT_LISTED = MAX_LISTED_PARTITIONS + 1;

for (const count of [LISTED, NOT_LISTED])
  describe(`after a run of ${String(count)} partitions that was stopped before it had committed anything`, () => {
    test('the start policy still holds', () => {
      const given: Given = { rules: { start: 'latest' }, partitions: many(count) };
      const next = planAfterStop(given, { ...given, partitions: many(count, { end: 110n }) });
      assert.deepEqual(startsOf(next), ['orders at 110']);
      assert.deepEqual([next.continuity, next.warnings], ['first', []]);
    });

    test('partitions that came since are still new', () => {
      const before = many(count, { committed: ours(70n) });
      const known = resultOf(...runOf({ partitions: before }), NOW, NOW);
      const rules = { start: 'latest' } as const;
      const next = planAfterStop({ rules, partitions: [...before, {}], previous: known });
      assert.deepEqual(startsOf(next), ['orders at 70', 'orders at 40']);
      assert.deepEqual(
        next.warnings.map(({ code }) => code),
        ['PARTITIONS_ADDED'],
      );
    });

    test('a topic that was created since is read from its beginning, and no key can have moved in it', () => {
      const before = many(count, { committed: ours(70n) });
      const rules = {
        start: 'latest',
        topics: { pattern: 'orders|refunds' },
        topic: '/orders|refunds/',
      } as const;
      const known = resultOf(...runOf({ rules, partitions: before }), NOW, NOW);
      const orders = { topic: 'orders', topicId: 'topic-1' };
      const log = { topics: [orders, { topic: 'refunds', topicId: 'topic-2' }] };
      const partitions = [...before, { topic: 'refunds', partition: 0 }];
      const next = planAfterStop({ rules, log, partitions, previous: known });
      assert.deepEqual(startsOf(next), ['orders at 70', 'refunds at 40']);
      assert.deepEqual(next.warnings, []);
    });
  });

function runOf(given: Given): [Plan, ReturnType<typeof untouched>] {
  const plan = planOf(given);
  return [plan, untouched(plan, 'stopped')];
}
