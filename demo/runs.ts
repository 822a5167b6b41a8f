import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { outcomeOf, type RunOutcome, type RunRef } from '../src/commands/run-outcome.js';

const POLL_MS = 2_000;

/** A run that has ended. */
export interface FinishedRun extends RunRef {
  readonly outcome: RunOutcome;
}

/** The runs that the schedule started lately, oldest first (Temporal keeps the last ten). */
export async function recentRuns(client: Client, scheduleId: string): Promise<RunRef[]> {
  const { info } = await client.schedule.getHandle(scheduleId).describe();
  return info.recentActions.map(({ action }) => ({
    workflowId: action.workflow.workflowId,
    runId: action.workflow.firstExecutionRunId,
  }));
}

/** Reports every run of the schedule that isn't in `seen`, when it has ended, until the signal; a server that is away is waited for. */
export async function watchRuns(
  client: Client,
  scheduleId: string,
  seen: Set<string>,
  report: (run: FinishedRun) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const runs = await recentRuns(client, scheduleId).catch(() => []);
    for (const run of runs.filter(({ runId }) => !seen.has(runId))) {
      const outcome = await outcomeOf(client, run).catch(() => undefined);
      if (!outcome) break;
      seen.add(run.runId);
      report({ ...run, outcome });
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
