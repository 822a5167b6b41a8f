import {
  MAX_LISTED_OF_MANY,
  MAX_LISTED_PARTITIONS,
  NO_RECORDS,
  type DrainOutcome,
  type PartitionResult,
  type Plan,
  type PlannedPartition,
  type RunResult,
  type TopicResult,
} from '../contract.js';
import { encodeUnlisted } from '../unlisted.js';

/** Of all the run's drains together. */
export type WholeOutcome = DrainOutcome & Pick<RunResult, 'members'>;

/** Composes a run's result from what was planned and what the drain says; times are the workflow's. */
export function resultOf(plan: Plan, outcome: WholeOutcome, startedAt: Date, now: Date): RunResult {
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
    topics: topicsOf(plan, outcome),
    epoch: plan.epoch,
    quietSince: outcome.stopReason === 'nothing-to-do' ? plan.quietSince : null,
    ...(outcome.members !== undefined && { members: outcome.members }),
    ...listing(outcome.partitions),
  };
}

function topicsOf(plan: Plan, { topics }: DrainOutcome): TopicResult[] {
  return plan.topics.map((planned) => {
    const { read = 0, lagAfter = 0 } = topics.find(({ topic }) => topic === planned.topic) ?? {};
    const partitions = ofTopic(plan, planned.topic);
    return { ...planned, partitions: partitions.length, read, lagBefore: lagOf(partitions), lagAfter };
  });
}

function ofTopic({ partitions }: Plan, topic: string): PlannedPartition[] {
  return partitions.filter((planned) => planned.topic === topic);
}

/** Of so many partitions, as planned. */
export function lagOf(partitions: readonly PlannedPartition[]): number {
  return partitions.reduce((sum, { start, end }) => sum + Number(BigInt(end) - BigInt(start)), 0);
}

/** All of few partitions; of many those that brought most, and of the others what the next run compares with. */
function listing(partitions: PartitionResult[]): Pick<RunResult, 'unlisted' | 'partitions'> {
  if (partitions.length <= MAX_LISTED_PARTITIONS) return { unlisted: '', partitions };
  const touched = partitions.filter(({ read }) => read > 0).sort((a, b) => b.read - a.read);
  const listed = new Set(touched.slice(0, MAX_LISTED_OF_MANY));
  return {
    unlisted: encodeUnlisted(partitions.filter((partition) => !listed.has(partition))),
    partitions: partitions.filter((partition) => listed.has(partition)),
  };
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
    topics: plan.topics.map(({ topic }) => ({ topic, read: 0, lagAfter: lagOf(ofTopic(plan, topic)) })),
    partitions: plan.partitions.map((planned) => ({ ...planned, read: 0 })),
  };
}

/** Whether planned records are left and the run got somewhere: then the next one should not wait for its tick. */
export function shouldCatchUp({ catchUp }: Plan, { stopReason, records, partitions }: DrainOutcome): boolean {
  if (!catchUp || (stopReason !== 'budget' && stopReason !== 'shutdown') || records.read === 0) return false;
  return partitions.some(({ committed, end }) => committed === null || BigInt(committed) < BigInt(end));
}
