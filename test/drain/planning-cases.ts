import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import type { Plan, PreviousRun } from '../../src/contract.js';
import { makePlan, type PlanningInput } from '../../src/drain/planning.js';
import type { LogState, PartitionState } from '../../src/kafka/source.js';
import { NOW, pipeline, topicState } from './builders.js';

/** What a plan is made from. */
export interface Given {
  rules?: Partial<PipelineSettings>;
  /** By default one partition with records 40 up to 100 and nothing committed. */
  partitions?: Partial<PartitionState>[];
  log?: Partial<LogState>;
  previous?: PreviousRun | null;
  offsetsAtStart?: Record<number, bigint>;
  /** All pipelines of the worker's configuration. */
  neighbours?: PipelineSettings[];
}

export function planOf({
  rules,
  partitions,
  log,
  previous = null,
  offsetsAtStart = {},
  neighbours = [],
}: Given): Plan {
  const input: PlanningInput = {
    pipeline: pipeline(rules),
    database: 'shop',
    neighbours,
    searchAttributes: false,
    state: topicState(partitions, log),
    previous,
    now: NOW,
    offsetsAtStart: new Map(
      Object.entries(offsetsAtStart).map(([key, offset]) => [`orders-${Number(key)}`, offset]),
    ),
  };
  return makePlan(input);
}

/** `start-end`, and `of` what is committed; one per partition. */
function ranges({ partitions }: Plan): string[] {
  return partitions.map(({ start, end, committed }) => `${start}-${end} of ${committed ?? 'none'}`);
}

function warnings(plan: Plan): string[] {
  return plan.warnings.map(({ code }) => code);
}

export interface Case {
  rule: string;
  given: Given;
  ranges: string[];
  continuity: Plan['continuity'];
  warnings?: string[];
  lost?: Plan['lost'];
}

/** One test a case; every plan that reads or commits something is checked the same way. */
export function describeCases(subject: string, cases: readonly Case[]): void {
  describe(subject, () => {
    for (const { rule, given, ranges: expected, continuity, warnings: codes = [], lost = [] } of cases) {
      test(rule, () => {
        const plan = planOf(given);
        assert.deepEqual(ranges(plan), expected);
        assert.equal(plan.continuity, continuity);
        assert.deepEqual(warnings(plan), codes);
        assert.deepEqual(plan.lost, lost);
        assert.equal(plan.nothingToDo, false);
        const lag = plan.partitions.reduce((sum, { start, end }) => sum + Number(end) - Number(start), 0);
        assert.equal(plan.lagBefore, lag);
      });
    }
  });
}
