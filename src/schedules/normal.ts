/**
 * The normal form of a schedule: what we want and what the server describes, with its filled-in defaults, are brought into
 * this one form and only then compared. (An update drops the ticks pending at that moment, so it is sent only on a
 * difference.) Durations are milliseconds.
 */
import type { CalendarSpecDescription, ScheduleDescription, ScheduleOverlapPolicy } from '@temporalio/client';

export interface NormalSchedule {
  action: NormalAction;
  spec: NormalSpec;
  policies: NormalPolicies;
}

export interface NormalAction {
  workflowType: string;
  workflowId: string;
  taskQueue: string;
  args: unknown[];
  executionTimeoutMs: number | null;
  runTimeoutMs: number | null;
  /** As the server describes it; ours is none. */
  retry: unknown;
  summary: string | null;
  details: string | null;
}

export interface NormalSpec {
  intervals: { everyMs: number; offsetMs: number }[];
  calendars: CalendarSpecDescription[];
  skip: CalendarSpecDescription[];
  /** ISO 8601. */
  startAt: string | null;
  endAt: string | null;
  jitterMs: number;
  /** Empty: UTC. */
  timezone: string;
}

export interface NormalPolicies {
  /** Temporal's own name: `SKIP`, `BUFFER_ONE`, … */
  overlap: ScheduleOverlapPolicy;
  catchupWindowMs: number;
  pauseOnFailure: boolean;
}

/** The normal form of what the server describes. Pause, note and history of the schedule are not part of it. */
export function normalForm({ action, spec, policies }: ScheduleDescription): NormalSchedule {
  const { catchupWindow, pauseOnFailure } = policies;
  return {
    action: normalAction(action),
    spec: normalSpec(spec),
    policies: { overlap: policies.overlap, catchupWindowMs: catchupWindow, pauseOnFailure },
  };
}

function normalAction(action: ScheduleDescription['action']): NormalAction {
  return {
    workflowType: action.workflowType,
    workflowId: action.workflowId,
    taskQueue: action.taskQueue,
    args: Array.from<unknown>(action.args ?? []),
    executionTimeoutMs: durationOf(action.workflowExecutionTimeout),
    runTimeoutMs: durationOf(action.workflowRunTimeout),
    retry: action.retry ?? null,
    summary: action.staticSummary ?? null,
    details: action.staticDetails ?? null,
  };
}

function normalSpec(spec: ScheduleDescription['spec']): NormalSpec {
  return {
    intervals: (spec.intervals ?? []).map(({ every, offset }) => ({ everyMs: every, offsetMs: offset })),
    calendars: spec.calendars ?? [],
    skip: spec.skip ?? [],
    ...bounds(spec),
    jitterMs: spec.jitter ?? 0,
    timezone: spec.timezone ?? '',
  };
}

function bounds({ startAt, endAt }: ScheduleDescription['spec']): Pick<NormalSpec, 'startAt' | 'endAt'> {
  return { startAt: startAt?.toISOString() ?? null, endAt: endAt?.toISOString() ?? null };
}

/** The server writes 0 where there is no limit. */
function durationOf(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}
