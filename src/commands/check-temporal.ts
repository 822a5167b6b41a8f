import type { Client } from '@temporalio/client';
import { formatDuration } from '../config/duration.js';
import type { Settings } from '../config/settings.js';
import { scheduleChangeFor, type ScheduleChange } from '../schedules/apply.js';
import { failed, type Finding } from './check.js';
import type { Context } from './context.js';
import { hasPollers } from './pollers.js';
import { missingSearchAttributes } from './search-attributes.js';
import { withQuestions, type Temporal } from './temporal-client.js';

/** Namespace and its retention, workers, search attributes, and each pipeline's schedule. */
export async function checkTemporal(
  context: Pick<Context, 'environment'>,
  settings: Settings,
): Promise<Finding[]> {
  try {
    return await withQuestions(context, async ({ client, ...reached }) => [
      ...reachedFindings(reached),
      await checkNamespace(client),
      await checkWorkers(client, settings.worker.taskQueue),
      ...(settings.worker.searchAttributes ? [await checkSearchAttributes(client)] : []),
      ...(await checkSchedules(client, settings)),
    ]);
  } catch (error) {
    return [failed('temporal', null, error)];
  }
}

function reachedFindings({ address, access, warnings }: Omit<Temporal, 'client'>): Finding[] {
  const area = { area: 'temporal', pipeline: null } as const;
  return [
    { ...area, state: 'ok', text: `${address}: reached ${access}` },
    ...warnings.map((text): Finding => ({ ...area, state: 'warning', text })),
  ];
}

const SECOND_MS = 1_000;

async function checkNamespace(client: Client): Promise<Finding> {
  const { namespace } = client.options;
  const { config } = await client.workflowService.describeNamespace({ namespace });
  const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  const text = `namespace ${namespace}: runs are kept for ${formatDuration(seconds * SECOND_MS)} after they end`;
  return { area: 'temporal', pipeline: null, state: 'ok', text };
}

async function checkWorkers(client: Client, taskQueue: string): Promise<Finding> {
  const found = await hasPollers(client, taskQueue);
  return {
    area: 'temporal',
    pipeline: null,
    state: found ? 'ok' : 'warning',
    text: found
      ? `task queue ${taskQueue}: a worker is there`
      : `task queue ${taskQueue}: no worker; start one with: kafka-drain worker`,
  };
}

async function checkSearchAttributes(client: Client): Promise<Finding> {
  const missing = await missingSearchAttributes(client);
  const base = { area: 'temporal', pipeline: null } as const;
  if (missing.length === 0) return { ...base, state: 'ok', text: 'search attributes are registered' };
  // an unregistered one, or one of another type, wedges every run
  const names = missing
    .map(({ name, type, found }) => `${name} (${type}${found === null ? '' : `, but is ${found}`})`)
    .join(', ');
  return {
    ...base,
    state: 'failed',
    text: `search attributes are not registered: ${names}; register them with: kafka-drain setup`,
  };
}

async function checkSchedules(client: Client, settings: Settings): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const pipeline of settings.pipelines.values()) {
    findings.push(scheduleFinding(await scheduleChangeFor(client, settings, pipeline)));
  }
  return findings;
}

function scheduleFinding({ scheduleId, pipeline, kind, differences, paused, note }: ScheduleChange): Finding {
  const finding = (state: Finding['state'], text: string): Finding => ({
    area: 'schedule',
    pipeline,
    state,
    text: `${scheduleId} ${text}`,
  });
  if (kind === 'create') return finding('warning', "isn't there; make it with: kafka-drain apply");
  if (kind === 'foreign')
    return finding('failed', "wasn't made by kafka-drain; delete it, or rename the pipeline");
  if (kind === 'update') {
    const limits = differences.some(({ path }) => path.includes('.limits.')) ? ', limits among it' : '';
    return finding(
      'warning',
      `differs from the file${limits}; see kafka-drain plan, and carry it out with: kafka-drain apply`,
    );
  }
  if (paused) return finding('warning', `is paused${note === null ? '' : `: ${note}`}`);
  return finding('ok', 'is up to date');
}
