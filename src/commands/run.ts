/** `kafka-drain run <pipeline>`: a run now, through the schedule, never beside another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
} from '@temporalio/client';
import type { Settings } from '../config/settings.js';
import { scheduleIdOf } from '../contract.js';
import { DrainError } from '../errors.js';
import { pipelineOf, printData, settingsOf, type Context, type ExitCode } from './context.js';
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
  pipelineOf(settings, name);
  return withTemporal(context, async (temporal) => {
    const started = await begin(context, temporal, settings, name);
    if (wait) return report(context, started, await waitFor(context, temporal, started));
    printData(context, started, () => started.workflowId);
    return 0;
  });
}

interface Started extends RunRef {
  pipeline: string;
  /** Whether it was active before. */
  active: boolean;
  ui: string | null;
}

/** Triggers, and tells what came of it. */
async function begin(
  context: Context,
  temporal: Temporal,
  settings: Settings,
  name: string,
): Promise<Started> {
  const { client, connection } = temporal;
  const { say, environment, interrupted } = context;
  const { taskQueue } = settings.worker;
  return connection.withDeadline(Date.now() + 2 * START_LIMIT_MS, async () => {
    const { ref, active } = await trigger(client, scheduleIdOf(name), interrupted);
    const ui = runUrl(uiAddress(environment), client.options.namespace, ref.workflowId, ref.runId);
    say(active ? `a run is already active: ${ref.workflowId}` : `started ${ref.workflowId}`);
    if (ui !== null) say(ui);
    if (!(await hasPollers(client, taskQueue))) {
      say(`no worker takes from the task queue ${taskQueue}: the run waits for one (kafka-drain worker)`);
    }
    return { pipeline: name, ...ref, active, ui };
  });
}

interface Triggered {
  ref: RunRef;
  active: boolean;
}

async function trigger(client: Client, scheduleId: string, interrupted: AbortSignal): Promise<Triggered> {
  const handle = client.schedule.getHandle(scheduleId);
  const deadline = performance.now() + START_LIMIT_MS;
  const pause = () => sleep(POLL_MS, undefined, { signal: interrupted });
  for (;;) {
    const triggered = await triggerOnce(handle, deadline, pause);
    // A schedule learns of a run's end a moment late and skips until then; whoever asks now doesn't mean that run.
    if (!triggered.active || (await isRunning(client, triggered.ref))) return triggered;
    await pause();
  }
}

async function triggerOnce(
  handle: ScheduleHandle,
  deadline: number,
  pause: () => Promise<void>,
): Promise<Triggered> {
  const before = await describe(handle);
  await handle.trigger(ScheduleOverlapPolicy.SKIP);
  while (performance.now() < deadline) {
    const started = startedSince(before, await describe(handle));
    if (started !== null) return started;
    await pause();
  }
  throw new DrainError(
    'TEMPORAL_UNAVAILABLE',
    `The schedule ${handle.scheduleId} was triggered, but started nothing within ${START_LIMIT_MS / 1_000} s`,
  );
}

async function isRunning(client: Client, { workflowId, runId }: RunRef): Promise<boolean> {
  const { status } = await client.workflow.getHandle(workflowId, runId).describe();
  return status.name === 'RUNNING';
}

/** The server drops a trigger silently while a run is active; only its counter of skipped actions tells. */
function startedSince(before: ScheduleDescription, now: ScheduleDescription): Triggered | null {
  const known = new Set(before.info.recentActions.map(({ action }) => action.workflow.firstExecutionRunId));
  const { recentActions, runningActions, numActionsSkippedOverlap } = now.info;
  const fresh = recentActions.findLast(({ action }) => !known.has(action.workflow.firstExecutionRunId));
  if (fresh !== undefined) return { ref: refOf(fresh.action.workflow), active: false };
  if (numActionsSkippedOverlap === before.info.numActionsSkippedOverlap) return null;
  // it may have ended since; then it is the last one started
  const active = runningActions.at(-1) ?? recentActions.at(-1)?.action;
  return active === undefined ? null : { ref: refOf(active.workflow), active: true };
}

interface ScheduledWorkflow {
  workflowId: string;
  firstExecutionRunId: string;
}

function refOf({ workflowId, firstExecutionRunId }: ScheduledWorkflow): RunRef {
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

async function waitFor(
  context: Context,
  { client, connection }: Temporal,
  started: Started,
): Promise<RunOutcome> {
  const { interrupted, say } = context;
  try {
    return await connection.withAbortSignal(interrupted, () => outcomeOf(client, started));
  } catch (error) {
    if (interrupted.aborted) say(`no longer waiting; the run goes on: ${started.workflowId}`);
    throw error;
  }
}

/** What `--wait --json` prints of a run that didn't complete. */
export interface FailedRun extends RunRef {
  pipeline: string;
  status: FailedOutcome['status'];
  code: string;
  message: string;
  ui: string | null;
}

type FailedOutcome = Exclude<RunOutcome, { status: 'completed' }>;

function report(context: Context, started: Started, outcome: RunOutcome): ExitCode {
  if (outcome.status === 'completed') {
    printData(context, outcome.result, () => formatResult(outcome.result, context.style));
    return 0;
  }
  const { pipeline, workflowId, runId, ui } = started;
  const failed: FailedRun = { pipeline, workflowId, runId, ...outcome, ui };
  if (context.json) context.print(JSON.stringify(failed, null, 2));
  const ended = context.style.bad(`the run ${ENDED[failed.status]}`);
  context.say(`${ended}: ${failed.code}: ${failed.message}`);
  return 1;
}

const ENDED = {
  failed: 'failed',
  cancelled: 'was cancelled',
  terminated: 'was terminated',
  'timed-out': 'timed out',
} as const;
