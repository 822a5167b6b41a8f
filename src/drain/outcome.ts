import type { DrainOutcome, StopReason } from '../contract.js';
import type { Source, TopicState } from '../kafka/source.js';
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
  atStop: TopicState,
): DrainOutcome {
  const { counts, bytes } = ledger.totals();
  return {
    stopReason,
    attempt: task.run.attempt,
    resumed: ledger.resumed,
    lagAfter: lagOf(task, atStop),
    records: counts,
    bytes,
    warnings: [],
    lost: [...ledger.lost],
    partitions: ledger.results(atStop),
  };
}

/** Fresh ends minus what is committed; a partition without a commit counts from where the run would have begun. */
function lagOf({ plan }: OutcomeTask, { partitions }: TopicState): number {
  return partitions.reduce((sum, { partition, low, end, committed }) => {
    const planned = plan.partitions.find((candidate) => candidate.partition === partition);
    const next = committed?.offset ?? (planned === undefined ? low : BigInt(planned.start));
    return sum + Math.max(0, Number(end - next));
  }, 0);
}
