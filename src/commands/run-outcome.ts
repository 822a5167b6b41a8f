/** How a run ended, fetched from its history. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
  type Client,
} from '@temporalio/client';
import type { RunResult } from '../contract.js';

/** A run as the schedule started it. */
export interface RunRef {
  workflowId: string;
  runId: string;
}

export type RunOutcome =
  | { status: 'completed'; result: RunResult }
  | { status: 'failed' | 'cancelled' | 'terminated' | 'timed-out'; code: string; message: string };

/** Waits until the run has ended. Rejects only where Temporal can't be asked. */
export async function outcomeOf(client: Client, { workflowId, runId }: RunRef): Promise<RunOutcome> {
  try {
    const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
    return { status: 'completed', result: (await handle.result()) as RunResult };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return failureOf(error.cause);
    throw error;
  }
}

function failureOf(cause: Error | undefined): RunOutcome {
  const message = cause?.message ?? 'the run failed without a reason';
  if (cause instanceof CancelledFailure) return { status: 'cancelled', code: 'CANCELLED', message };
  if (cause instanceof TerminatedFailure) return { status: 'terminated', code: 'TERMINATED', message };
  if (cause instanceof TimeoutFailure) return { status: 'timed-out', code: 'TIMED_OUT', message };
  if (cause instanceof ApplicationFailure)
    return { status: 'failed', code: cause.type ?? 'UNEXPECTED', message };
  // a run that didn't come to name its failure: the activity's own is the nearest
  if (cause instanceof ActivityFailure && cause.cause !== undefined) return failureOf(cause.cause);
  return { status: 'failed', code: 'UNEXPECTED', message };
}
