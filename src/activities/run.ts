import type { Context } from '@temporalio/activity';
import type { DrainTask } from '../drain/attempt.js';

/** Which run, and which attempt of its activity, is at work; commits and dead letters carry it. */
export function runOf({ info }: Context): DrainTask['run'] {
  const { workflowId = '', runId = '' } = info.workflowExecution ?? {};
  return { workflowId, runId, attempt: info.attempt };
}
