import type { DrainOutcome, PartitionResult, Plan, StopReason, TopicOutcome } from '../contract.js';
import { partitionName, type LogState, type PartitionState, type Source } from '../kafka/source.js';
import type { DrainTask } from './attempt.js';
import { openLedger, type Ledger } from './ledger.js';

type OutcomeTask = Pick<DrainTask, 'pipeline' | 'plan' | 'run'>;

/**
 * What the earlier attempts of a run have committed, told without joining the group: for a run that is stopped while no
 * attempt is under way. Errors: those of `Source.inspect` and `openLedger`.
 */
export async function settle(source: Source, task: OutcomeTask): Promise<DrainOutcome> {
  const state = await source.inspect();
  const ledger = openLedger(task.pipeline, task.plan, task.run.runId, state);
  const run = { ...task.run, attempt: ledger.attempt };
  return outcomeOf({ ...task, run }, ledger, 'stopped', state);
}

/** @param atStop what the broker says after the last commit. */
export function outcomeOf(
  task: OutcomeTask,
  ledger: Ledger,
  stopReason: StopReason,
  atStop: LogState,
): DrainOutcome {
  const { counts, bytes } = ledger.totals();
  const partitions = ledger.results(atStop);
  const [own, others] = ownAndOthers(task, atStop);
  const topics = topicsOf(task, partitions, { ...atStop, partitions: own });
  return {
    stopReason,
    attempt: task.run.attempt,
    resumed: ledger.resumed,
    lagAfter: topics.reduce((sum, { lagAfter }) => sum + lagAfter, 0),
    records: counts,
    bytes,
    warnings: [],
    lost: [...ledger.lost],
    ...(others.length > 0 && { lagOfOthers: sumOfLags(task, others) }),
    topics,
    partitions,
  };
}

/** A member tells of its share; whoever has the whole plan tells of partitions that have come since, too. */
function ownAndOthers({ plan }: OutcomeTask, { partitions }: LogState): [PartitionState[], PartitionState[]] {
  if (plan.members === undefined) return [partitions, []];
  const own = new Set(plan.partitions.map(partitionName));
  const isOwn = (state: PartitionState) => own.has(partitionName(state));
  return [partitions.filter(isOwn), partitions.filter((state) => !isOwn(state))];
}

function sumOfLags({ plan }: OutcomeTask, partitions: readonly PartitionState[]): number {
  const starts = startsOf(plan);
  return partitions.reduce((sum, state) => sum + lagOf(state, starts), 0);
}

function startsOf({ partitions }: Plan): Map<string, bigint> {
  return new Map(partitions.map((planned) => [partitionName(planned), BigInt(planned.start)]));
}

function topicsOf(
  { plan }: OutcomeTask,
  results: readonly PartitionResult[],
  { topics, partitions }: LogState,
): TopicOutcome[] {
  const starts = startsOf(plan);
  const outcomes = new Map(topics.map(({ topic }) => [topic, { topic, read: 0, lagAfter: 0 }]));
  for (const { topic, read } of results) add(outcomes.get(topic), { read });
  for (const state of partitions) add(outcomes.get(state.topic), { lagAfter: lagOf(state, starts) });
  return [...outcomes.values()];
}

function add(outcome: TopicOutcome | undefined, { read = 0, lagAfter = 0 }: Partial<TopicOutcome>): void {
  if (outcome === undefined) return;
  outcome.read += read;
  outcome.lagAfter += lagAfter;
}

/** Fresh end minus what is committed; a partition without a commit counts from where the run would have begun. */
function lagOf(state: PartitionState, starts: ReadonlyMap<string, bigint>): number {
  const next = state.committed?.offset ?? starts.get(partitionName(state)) ?? state.low;
  return Math.max(0, Number(state.end - next));
}
