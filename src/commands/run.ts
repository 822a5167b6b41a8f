/** `kafka-drain run <pipeline>`: a run now, through the schedule, never beside another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
} from '@temporalio/client';
import { scheduleIdOf } from '../contract.js';
import { DrainError } from '../errors.js';
import { pipelineOf, settingsOf, type Context, type ExitCode } from './context.js';
import { hasPollers } from './pollers.js';
import { formatResult } from './format-result.js';
import { outcomeOf, type RunOutcome, type RunRef } from './run-outcome.js';
import { runUrl, uiAddress, withTemporal, type Temporal } from './temporal-client.js';

const POLL_MS = 200;
/** A trigger that neither started nor was skipped by then was lost, or the server is very slow. */
const START_LIMIT_MS = 30_000;

export interface RunOptions {
  /** Whether to wait for the run's end and print its result. */
  wait?: boolean;
}

/**
 * Triggers the schedule with Skip; where a run is active, that one is meant. Exit code 1 where the run waited for failed, 2
 * where there is no schedule.
 */
export async function run(context: Context, name: string, { wait = false }: RunOptions): Promise<ExitCode> {
  const settings = settingsOf(context);
  const pipeline = pipelineOf(settings, name);
  return withTemporal(context, async (temporal) => {
    const { client, connection } = temporal;
    const started = await connection.withDeadline(Date.now() + START_LIMIT_MS * 2, () =>
      trigger(client, scheduleIdOf(name), context.interrupted),
    );
    const ui = runUrl(
      uiAddress(context.environment),
      client.options.namespace,
      started.workflowId,
      started.runId,
    );
    context.say(
      started.active ? `a run is already active: ${started.workflowId}` : `started ${started.workflowId}`,
    );
    if (ui !== null) context.say(ui);
    if (!wait) {
      if (context.json) context.print(JSON.stringify({ pipeline: name, ...started, ui }, null, 2));
      else context.print(started.workflowId);
      return 0;
    }
    if (!(await hasPollers(client, settings.worker.taskQueue))) {
      context.say(
        `no worker takes from the task queue ${settings.worker.taskQueue} yet: the run waits for one (kafka-drain worker)`,
      );
    }
    const outcome = await waitFor(temporal, started, context.interrupted);
    return report(context, { pipeline: pipeline.name, ...started, ui }, outcome);
  });
}

interface Started extends RunRef {
  /** Whether it was active before. */
  active: boolean;
}

async function trigger(client: Client, scheduleId: string, interrupted: AbortSignal): Promise<Started> {
  const handle = client.schedule.getHandle(scheduleId);
  const before = await describe(handle);
  await handle.trigger(ScheduleOverlapPolicy.SKIP);
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    const started = startedSince(before, await describe(handle));
    if (started !== null) return started;
    await sleep(POLL_MS, undefined, { signal: interrupted });
  }
  throw new DrainError(
    'TEMPORAL_UNAVAILABLE',
    `The schedule ${scheduleId} was triggered, but started nothing within ${START_LIMIT_MS / 1_000} s`,
  );
}

/** The server drops a trigger silently while a run is active; only its counter of skipped actions tells. */
function startedSince(before: ScheduleDescription, now: ScheduleDescription): Started | null {
  const known = new Set(before.info.recentActions.map(({ action }) => action.workflow.firstExecutionRunId));
  const fresh = now.info.recentActions.findLast(
    ({ action }) => !known.has(action.workflow.firstExecutionRunId),
  );
  if (fresh !== undefined) return { ...refOf(fresh.action.workflow), active: false };
  if (now.info.numActionsSkippedOverlap === before.info.numActionsSkippedOverlap) return null;
  const active = now.info.runningActions.at(-1) ?? before.info.runningActions.at(-1);
  return active === undefined ? null : { ...refOf(active.workflow), active: true };
}

function refOf({
  workflowId,
  firstExecutionRunId,
}: {
  workflowId: string;
  firstExecutionRunId: string;
}): RunRef {
  return { workflowId, runId: firstExecutionRunId };
}

async function describe(handle: ScheduleHandle): Promise<ScheduleDescription> {
  try {
    return await handle.describe();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new DrainError(
      'SCHEDULE_NOT_FOUND',
      `There is no schedule ${handle.scheduleId}; make it with: kafka-drain apply`,
      { cause: error },
    );
  }
}

function waitFor(
  { client, connection }: Temporal,
  ref: RunRef,
  interrupted: AbortSignal,
): Promise<RunOutcome> {
  return connection.withAbortSignal(interrupted, () => outcomeOf(client, ref));
}

interface Waited extends Started {
  pipeline: string;
  ui: string | null;
}

function report(
  context: Context,
  { pipeline, workflowId, runId, ui }: Waited,
  outcome: RunOutcome,
): ExitCode {
  if (outcome.status === 'completed') {
    context.print(
      context.json ? JSON.stringify(outcome.result, null, 2) : formatResult(outcome.result, context.style),
    );
    return 0;
  }
  if (context.json) context.print(JSON.stringify({ pipeline, workflowId, runId, ...outcome, ui }, null, 2));
  context.say(`${context.style.bad(`the run ${outcome.status}`)}: ${outcome.code}: ${outcome.message}`);
  return 1;
}
