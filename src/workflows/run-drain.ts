import {
  CancellationScope,
  allHandlersFinished,
  condition,
  defineUpdate,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import {
  SEARCH_ATTRIBUTES,
  STOP_UPDATE,
  activityIdOf,
  drainQueueOf,
  type DrainOutcome,
  type Plan,
  type PreviousRun,
  type RunInput,
  type RunLimits,
  type RunResult,
} from '../contract.js';
import { packPlan, unpackOutcome, unpackPlan } from '../packed.js';
import { withOutcomes, withTopics } from './earlier-records.js';
import { runFailure } from './failure.js';
import { memberLines, planMarkdown, resultMarkdown } from './markdown.js';
import { combined, isDone, memberResult, membersFailure, type MemberEnd } from './members.js';
import { resultOf, shouldCatchUp, untouched, type WholeOutcome } from './result.js';
import { sharesOf, type Share } from './shares.js';

/** Stops the run politely; the caller gets the run's result once the batches in hand are committed. */
export const stopUpdate = defineUpdate<RunResult>(STOP_UPDATE);

const { planDrain, settleDrain, triggerCatchUp } = proxyActivities<Activities>({
  startToCloseTimeout: 10_000,
  scheduleToCloseTimeout: 30_000,
  retry: { initialInterval: 1_000, maximumAttempts: 3 },
});

/** One run: plan, drain, result. Its history is the record of what was read from where to where, and why it ended. */
export async function runDrain(input: RunInput): Promise<RunResult> {
  const stop = handleStop();
  try {
    const planned = await planDrain({ pipeline: input.pipeline, previous: previousRun() });
    const plan = withTopics(unpackPlan(planned));
    setCurrentDetails(planMarkdown(plan));
    const outcome = await drainPlan(plan, input, stop);
    const result = resultOf(plan, outcome, workflowInfo().startTime, new Date());
    record(plan, result);
    if (shouldCatchUp(plan, outcome)) await catchUp();
    await stop.answer({ result });
    return result;
  } catch (error) {
    const failure = runFailure(error);
    await stop.answer({ failure });
    throw failure;
  }
}

/** The last successful result of this schedule's runs; none under AllowAll and after the schedule was recreated. */
function previousRun(): PreviousRun | null {
  const last = workflowInfo().lastResult as RunResult | undefined;
  // Before there could be several topics a result had none of them listed; nothing can be compared with it.
  if (last === undefined || !('topics' in last)) return null;
  const { clusterId, topic, topics, group, epoch, quietSince, partitions, unlisted } = last;
  return { clusterId, topic, topics, group, epoch, quietSince, partitions, unlisted };
}

interface Stop {
  asked: () => boolean;
  /** Cancelled when an operator asks: the activity returns its partial result. */
  scope: CancellationScope;
  /** Tells everybody who asked how the run ended. */
  answer: (ending: Ending) => Promise<void>;
}

type Ending = { result: RunResult } | { failure: unknown };

function handleStop(): Stop {
  const scope = new CancellationScope();
  let ending: Ending | undefined;
  let asked = false;
  setHandler(stopUpdate, async () => {
    asked = true;
    scope.cancel();
    // Also where the run was cancelled: its partial result is still to come.
    await CancellationScope.nonCancellable(() => condition(() => ending !== undefined));
    return resultIn(ending);
  });
  return {
    asked: () => asked,
    scope,
    answer: async (how) => {
      ending = how;
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    },
  };
}

function resultIn(ending: Ending | undefined): RunResult {
  if (ending === undefined) throw new Error('asked before the run had ended');
  if ('failure' in ending) throw ending.failure;
  return ending.result;
}

async function drainPlan(plan: Plan, input: RunInput, stop: Stop): Promise<WholeOutcome> {
  if (plan.nothingToDo) return untouched(plan, 'nothing-to-do');
  if (stop.asked()) return untouched(plan, 'stopped');
  const { members: count = 1 } = plan;
  if (count === 1) return drain(plan, null, input, stop);
  const ends = await Promise.all(sharesOf(plan, count).map((share) => endOf(share, input, stop)));
  const members = ends.map(memberResult);
  if (ends.every(isDone)) return { ...combined(plan, ends), members };
  setCurrentDetails([planMarkdown(plan), ...memberLines(members)].join('\n'));
  throw membersFailure(ends, members);
}

/** A member's failure waits until the others have ended, so that the run can tell what each of them did. */
async function endOf(share: Share, input: RunInput, stop: Stop): Promise<MemberEnd> {
  try {
    return { share, outcome: await drain(share.plan, share.member, input, stop) };
  } catch (error) {
    return { share, failure: runFailure(error) };
  }
}

/** @param member whose share the plan is; `null`: it is the whole. */
async function drain(
  plan: Plan,
  member: number | null,
  { pipeline, limits }: RunInput,
  stop: Stop,
): Promise<DrainOutcome> {
  const input = { pipeline, plan: packPlan(plan, plan.members), limits };
  const { drainTopic } = proxyActivities<Activities>(
    drainOptions(activityIdOf(pipeline, member), plan, limits),
  );
  try {
    return withOutcomes(unpackOutcome(await stop.scope.run(() => drainTopic(input))), plan);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // Stopped while no attempt was under way; what earlier ones committed must not be denied.
    const settled = await CancellationScope.nonCancellable(() => settleDrain(input));
    return withOutcomes(unpackOutcome(settled), plan);
  }
}

function drainOptions(activityId: string, plan: Plan, limits: RunLimits) {
  return {
    taskQueue: drainQueueOf(workflowInfo().taskQueue),
    activityId,
    summary: `${plan.topic} → ${plan.collection}, ${String(plan.lagBefore)} records`,
    startToCloseTimeout: limits.startToCloseMs,
    scheduleToCloseTimeout: limits.scheduleToCloseMs,
    heartbeatTimeout: limits.heartbeatTimeoutMs,
    // The default closes a cancelled run at once and loses the partial result.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED' as const,
    // Late enough that an attempt which the server gave up has noticed before the next one begins.
    retry: { initialInterval: 10_000, backoffCoefficient: 1, maximumAttempts: 3 },
  };
}

function record(plan: Plan, result: RunResult): void {
  setCurrentDetails(resultMarkdown(result));
  if (!plan.searchAttributes) return;
  upsertSearchAttributes([
    { key: SEARCH_ATTRIBUTES.pipeline, value: result.pipeline },
    { key: SEARCH_ATTRIBUTES.stopReason, value: result.stopReason },
    { key: SEARCH_ATTRIBUTES.continuity, value: result.continuity },
    { key: SEARCH_ATTRIBUTES.read, value: result.records.read },
    { key: SEARCH_ATTRIBUTES.deadLettered, value: result.records.deadLettered },
    { key: SEARCH_ATTRIBUTES.lagAfter, value: result.lagAfter },
  ]);
}

/** A failure to trigger costs a tick, not the run. */
async function catchUp(): Promise<void> {
  const scheduleId = workflowInfo().typedSearchAttributes.get({
    name: 'TemporalScheduledById',
    type: 'KEYWORD',
  });
  if (scheduleId === undefined) return;
  try {
    await CancellationScope.nonCancellable(() => triggerCatchUp({ scheduleId }));
  } catch (error) {
    log.warn('the next run could not be triggered at once and will begin at its tick', {
      scheduleId,
      error: String(error),
    });
  }
}
