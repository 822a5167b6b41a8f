import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';

/**
 * What a run fails with: the real sentence and code instead of "Activity task failed", and never retried as a workflow, since
 * the schedule's next tick is the retry. Cancellation passes through.
 */
export function runFailure(error: unknown): unknown {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    const { type, message, details } = cause;
    return ApplicationFailure.create({
      message,
      nonRetryable: true,
      details: details ?? [],
      cause: error,
      ...named(type),
    });
  }
  if (cause instanceof TimeoutFailure) return timedOut(error, cause);
  return error;
}

function named(type: string | undefined | null): { type?: string } {
  return typeof type === 'string' ? { type } : {};
}

function timedOut(error: ActivityFailure, cause: TimeoutFailure): ApplicationFailure {
  const message =
    `${error.activityType} ran out of time (${cause.timeoutType}): no worker answered in time, or every attempt was ` +
    'cut off. What was committed is kept; the next run goes on there.';
  const details = cause.lastHeartbeatDetails === undefined ? [] : [cause.lastHeartbeatDetails];
  return ApplicationFailure.create({ message, type: 'TIMED_OUT', nonRetryable: true, details, cause: error });
}
