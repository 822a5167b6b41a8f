/** `kafka-drain runs <pipeline>`: what the last runs did. */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { scheduleIdOf, type RunResult } from '../contract.js';
import { pipelineOf, printData, settingsOf, type Context, type ExitCode } from './context.js';
import { outcomeOf } from './run-outcome.js';
import type { Style } from './style.js';
import { count, elapsed, table, type Cell } from './table.js';
import { askTemporal, runUrl, uiAddress } from './temporal-client.js';

/** One run in a list. */
export interface ListedRun {
  workflowId: string;
  runId: string;
  status: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed-out';
  /** ISO 8601. */
  startedAt: string;
  /** `null`: still running. */
  durationMs: number | null;
  /** Of a completed run. */
  result: RunResult | null;
  /** Of a run that failed. */
  failure: { code: string; message: string } | null;
  ui: string | null;
}

export interface RunsOptions {
  limit: number;
}

/** Lists the schedule's last runs, newest first. */
export async function runs(context: Context, name: string, { limit }: RunsOptions): Promise<ExitCode> {
  pipelineOf(settingsOf(context), name);
  const ui = uiAddress(context.environment);
  const listed = await askTemporal(context, (client) => listRuns(client, name, limit, ui));
  printData(context, listed, () => runsText(listed, context.style));
  return 0;
}

async function listRuns(
  client: Client,
  name: string,
  limit: number,
  ui: string | null,
): Promise<ListedRun[]> {
  const query = `TemporalScheduledById = "${scheduleIdOf(name)}"`;
  const found: WorkflowExecutionInfo[] = [];
  for await (const execution of client.workflow.list({ query, pageSize: Math.min(limit, 100) })) {
    found.push(execution);
    if (found.length >= limit) break;
  }
  return Promise.all(found.map((execution) => toListedRun(client, execution, ui)));
}

async function toListedRun(
  client: Client,
  execution: WorkflowExecutionInfo,
  ui: string | null,
): Promise<ListedRun> {
  const { workflowId, runId, startTime, closeTime } = execution;
  const base = {
    workflowId,
    runId,
    startedAt: startTime.toISOString(),
    durationMs: closeTime === undefined ? null : closeTime.getTime() - startTime.getTime(),
    ui: runUrl(ui, client.options.namespace, workflowId, runId),
  };
  if (execution.status.name === 'RUNNING') return { ...base, status: 'running', result: null, failure: null };
  const outcome = await outcomeOf(client, { workflowId, runId });
  if (outcome.status === 'completed')
    return { ...base, status: 'completed', result: outcome.result, failure: null };
  const { status, code, message } = outcome;
  return { ...base, status, result: null, failure: { code, message } };
}

function runsText(listed: readonly ListedRun[], style: Style): string {
  if (listed.length === 0)
    return 'no runs yet (or none that are still kept: see the retention in `kafka-drain check`)';
  const rows = listed.map(({ startedAt, durationMs, workflowId, result, ...run }) => [
    startedAt.slice(0, 19).replace('T', ' '),
    endText({ ...run, result }, style),
    durationMs === null ? null : elapsed(durationMs),
    ...countsOf(result),
    workflowId,
  ]);
  const list = table(
    ['started (UTC)', 'ended', 'took', 'read', 'written', 'dead letters', 'lag', 'workflow'],
    rows,
  );
  const failures = listed.flatMap(({ workflowId, failure }) =>
    failure === null ? [] : [`${style.bad(failure.code)} ${workflowId}: ${failure.message}`],
  );
  const links = listed.flatMap(({ ui }) => (ui === null ? [] : [style.faint(ui)]));
  return [
    list,
    ...(failures.length > 0 ? ['', ...failures] : []),
    ...(links.length > 0 ? ['', ...links] : []),
  ].join('\n');
}

function endText({ status, result }: Pick<ListedRun, 'status' | 'result'>, style: Style): string {
  if (result !== null) return result.stopReason;
  return status === 'running' ? style.strong(status) : style.bad(status);
}

function countsOf(result: RunResult | null): Cell[] {
  if (result === null) return [null, null, null, null];
  const { read, inserted, updated, deleted, deadLettered } = result.records;
  const lag = `${count(result.lagBefore)} → ${count(result.lagAfter)}`;
  return [read, inserted + updated + deleted, deadLettered, lag];
}
