import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleOverlapPolicy, type Client, type ScheduleHandle } from '@temporalio/client';
import { scheduleIdOf } from '../../src/contract.js';
import { waitUntil } from '../../stack/wait.js';
import { nowMs, type Drained } from '../program.js';

const SECOND_MS = 1_000;
const STARTS_WITHIN_MS = 30_000;

/** Triggers the schedule and waits for the recorded result; the times are those in the workflow's history. */
export async function runOnce(temporal: Client, pipeline: string): Promise<Drained> {
  const schedule = temporal.schedule.getHandle(scheduleIdOf(pipeline));
  const before = await newestRun(schedule);
  // Workflow ids carry the second of their start: two in one second would be the same.
  await sleep(SECOND_MS - (Date.now() % SECOND_MS));
  const tickMs = nowMs();
  await schedule.trigger(ScheduleOverlapPolicy.SKIP);
  let run = before;
  await waitUntil(
    'the run starts',
    async () => {
      run = await newestRun(schedule);
      return run?.firstExecutionRunId !== before?.firstExecutionRunId;
    },
    { timeoutMs: STARTS_WITHIN_MS },
  );
  if (run === null) throw new Error(`no run of ${pipeline}`);
  const handle = temporal.workflow.getHandle(run.workflowId, run.firstExecutionRunId);
  await handle.result();
  const { startTime, closeTime } = await handle.describe();
  const endedMs = closeTime?.getTime() ?? nowMs();
  return {
    startedMs: tickMs,
    endedMs,
    times: { tickToStarted: startTime.getTime() - tickMs, startedToRecorded: endedMs - startTime.getTime() },
  };
}

async function newestRun(
  schedule: ScheduleHandle,
): Promise<{ workflowId: string; firstExecutionRunId: string } | null> {
  const { info } = await schedule.describe();
  return info.recentActions.at(-1)?.action.workflow ?? null;
}
