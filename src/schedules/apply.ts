/** Schedules as code: what differs between the configuration and the server, and carrying it out. */
import type { Client, ScheduleDescription } from '@temporalio/client';
import { ScheduleNotFoundError } from '@temporalio/client';
import type { PipelineSettings, Settings } from '../config/settings.js';
import { scheduleIdOf } from '../contract.js';
import { desiredSchedule } from './desired.js';
import { diffSchedule, type Difference } from './diff.js';
import { normalForm, type NormalSchedule } from './normal.js';

/** Memo by which a schedule is known to be ours. Set once at creation: the server can't change a memo later. */
const OWNER = 'kafka-drain';

interface OwnerMemo extends Record<string, unknown> {
  managedBy: string;
  pipeline: string;
  /** That of the creation, by which installations in one namespace are told apart. */
  taskQueue: string;
}

export interface ScheduleChange {
  scheduleId: string;
  pipeline: string;
  /**
   * `orphan`: ours, but its pipeline is no longer in the file; `delete`: the same, and `prune` deletes it. `foreign`: somebody
   * else made a schedule of this id, which is left alone.
   */
  kind: 'create' | 'update' | 'unchanged' | 'orphan' | 'delete' | 'foreign';
  /** For `update`. */
  differences: Difference[];
  /** An operator's pause, which is kept. */
  paused: boolean;
  note: string | null;
}

/** A change together with what it takes to carry it out. */
interface PlannedChange extends ScheduleChange {
  desired: NormalSchedule | null;
}

/** What `applySchedules` would do. Sends nothing but questions. */
export async function planSchedules(client: Client, settings: Settings): Promise<ScheduleChange[]> {
  return (await planned(client, settings, false)).map(withoutDesired);
}

export interface ApplyOptions {
  /** Whether orphans are deleted. */
  prune: boolean;
}

/**
 * Makes the server's schedules those of the configuration: creates, updates what differs, leaves pause and note alone.
 * Returns what was found; orphans are gone only with `prune`, foreign schedules never.
 */
export async function applySchedules(
  client: Client,
  settings: Settings,
  { prune }: ApplyOptions,
): Promise<ScheduleChange[]> {
  const changes = await planned(client, settings, prune);
  for (const change of changes) await carryOut(client, change);
  return changes.map(withoutDesired);
}

function withoutDesired({
  scheduleId,
  pipeline,
  kind,
  differences,
  paused,
  note,
}: PlannedChange): ScheduleChange {
  return { scheduleId, pipeline, kind, differences, paused, note };
}

async function planned(client: Client, settings: Settings, prune: boolean): Promise<PlannedChange[]> {
  const changes: PlannedChange[] = [];
  for (const pipeline of settings.pipelines.values())
    changes.push(await plannedFor(client, settings, pipeline));
  return [...changes, ...(await orphans(client, settings, prune ? 'delete' : 'orphan'))];
}

/** What differs for one pipeline; used by a worker and by `check` to warn. */
export async function scheduleChangeFor(
  client: Client,
  settings: Settings,
  pipeline: PipelineSettings,
): Promise<ScheduleChange> {
  return withoutDesired(await plannedFor(client, settings, pipeline));
}

async function plannedFor(
  client: Client,
  settings: Settings,
  pipeline: PipelineSettings,
): Promise<PlannedChange> {
  const scheduleId = scheduleIdOf(pipeline.name);
  const desired = desiredSchedule(settings, pipeline, client.options.namespace);
  const base = { scheduleId, pipeline: pipeline.name, desired, differences: [], paused: false, note: null };
  const description = await describe(client, scheduleId);
  if (description === null) return { ...base, kind: 'create' };
  const found = { ...base, paused: description.state.paused, note: noteOf(description) };
  if (ownerOf(description.memo) === null) return { ...found, kind: 'foreign' };
  const differences = diffSchedule(desired, normalForm(description));
  return { ...found, differences, kind: differences.length > 0 ? 'update' : 'unchanged' };
}

async function describe(client: Client, scheduleId: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/** Ours and of this task queue: another installation in the same namespace has schedules of its own. */
async function orphans(
  client: Client,
  settings: Settings,
  kind: 'orphan' | 'delete',
): Promise<PlannedChange[]> {
  const found: PlannedChange[] = [];
  const { taskQueue } = settings.worker;
  for await (const { scheduleId, memo } of client.schedule.list()) {
    const owner = ownerOf(memo);
    if (owner?.taskQueue !== taskQueue || settings.pipelines.has(owner.pipeline)) continue;
    const description = await describe(client, scheduleId);
    // moved to another installation since, or deleted
    if (description?.action.taskQueue !== taskQueue) continue;
    const { paused } = description.state;
    found.push({
      scheduleId,
      pipeline: owner.pipeline,
      kind,
      differences: [],
      paused,
      note: noteOf(description),
      desired: null,
    });
  }
  return found;
}

/** `null`: not made by us. */
function ownerOf(memo: Record<string, unknown> | undefined): OwnerMemo | null {
  return memo?.['managedBy'] === OWNER ? (memo as OwnerMemo) : null;
}

function noteOf({ state: { note } }: ScheduleDescription): string | null {
  return note === undefined || note === '' ? null : note;
}

async function carryOut(
  client: Client,
  { kind, scheduleId, pipeline, desired }: PlannedChange,
): Promise<void> {
  const handle = client.schedule.getHandle(scheduleId);
  if (kind === 'delete') await handle.delete();
  if (desired === null) return;
  if (kind === 'create') {
    const memo: OwnerMemo = { managedBy: OWNER, pipeline, taskQueue: desired.action.taskQueue };
    await client.schedule.create({ scheduleId, memo, ...toOptions(desired) });
  }
  // the spec is replaced as a whole (spreading the old one would add to it), the state is the operator's
  if (kind === 'update') await handle.update(({ state }) => ({ ...toOptions(desired), state }));
}

function toOptions({ action, spec, policies }: NormalSchedule) {
  return {
    action: {
      type: 'startWorkflow' as const,
      workflowType: action.workflowType,
      workflowId: action.workflowId,
      taskQueue: action.taskQueue,
      args: action.args,
      ...(action.executionTimeoutMs !== null && { workflowExecutionTimeout: action.executionTimeoutMs }),
      ...(action.summary !== null && { staticSummary: action.summary }),
      ...(action.details !== null && { staticDetails: action.details }),
    },
    spec: {
      intervals: spec.intervals.map(({ everyMs, offsetMs }) => ({ every: everyMs, offset: offsetMs })),
      calendars: spec.calendars.map(({ year, ...calendar }) => ({
        ...calendar,
        ...(year.length > 0 && { year }),
      })),
      jitter: spec.jitterMs,
      ...(spec.timezone !== '' && { timezone: spec.timezone }),
    },
    policies: {
      overlap: policies.overlap,
      catchupWindow: policies.catchupWindowMs,
      pauseOnFailure: policies.pauseOnFailure,
    },
  };
}
