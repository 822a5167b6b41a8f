import {
  MAX_LISTED_PARTITIONS,
  NO_RECORDS,
  encodeUnlisted,
  type DrainOutcome,
  type PartitionResult,
  type Plan,
  type RunResult,
} from '../contract.js';

/** Composes a run's result from what was planned and what the drain says; times are the workflow's. */
export function resultOf(plan: Plan, outcome: DrainOutcome, startedAt: Date, now: Date): RunResult {
  return {
    pipeline: plan.pipeline,
    topic: plan.topic,
    group: plan.group,
    collection: plan.collection,
    stopReason: outcome.stopReason,
    startedAt: startedAt.toISOString(),
    durationMs: now.getTime() - startedAt.getTime(),
    attempt: outcome.attempt,
    resumed: outcome.resumed,
    lagBefore: plan.lagBefore,
    lagAfter: outcome.lagAfter,
    records: outcome.records,
    bytes: outcome.bytes,
    continuity: plan.continuity,
    warnings: [...plan.warnings, ...outcome.warnings],
    lost: [...plan.lost, ...outcome.lost],
    clusterId: plan.clusterId,
    topicId: plan.topicId,
    epoch: plan.epoch,
    quietSince: outcome.stopReason === 'nothing-to-do' ? plan.quietSince : null,
    unlisted: encodeUnlisted(outcome.partitions.filter((partition) => !isListed(partition, outcome))),
    partitions: outcome.partitions.filter((partition) => isListed(partition, outcome)),
  };
}

function isListed({ read }: PartitionResult, { partitions }: DrainOutcome): boolean {
  return partitions.length <= MAX_LISTED_PARTITIONS || read > 0;
}

/** A drain that was not needed, or was stopped before it began: nothing read, everything as the plan found it. */
export function untouched(plan: Plan, stopReason: 'nothing-to-do' | 'stopped'): DrainOutcome {
  return {
    stopReason,
    attempt: 1,
    resumed: false,
    lagAfter: plan.lagBefore,
    records: NO_RECORDS,
    bytes: 0,
    warnings: [],
    lost: [],
    partitions: plan.partitions.map(({ partition, start, end, committed }) => ({
      partition,
      start,
      end,
      committed,
      read: 0,
    })),
  };
}

/** Whether planned records are left and the run got somewhere: then the next one should not wait for its tick. */
export function shouldCatchUp({ catchUp }: Plan, { stopReason, records, partitions }: DrainOutcome): boolean {
  if (!catchUp || (stopReason !== 'budget' && stopReason !== 'shutdown') || records.read === 0) return false;
  return partitions.some(({ committed, end }) => committed === null || BigInt(committed) < BigInt(end));
}
