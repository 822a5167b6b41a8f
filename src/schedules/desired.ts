/** From a pipeline's settings to the schedule that shall be on the server. Pure. */
import type { CalendarSpecDescription, DayOfWeek, Month } from '@temporalio/client';
import { parseCron, type CronRange } from '../config/cron.js';
import { formatDuration } from '../config/duration.js';
import type { OverlapPolicy, PipelineSettings, ScheduleSettings, Settings } from '../config/settings.js';
import { scheduleIdOf, workflowIdOf, WORKFLOW_TYPE, type RunInput } from '../contract.js';
import { DrainError } from '../errors.js';
import type { NormalSchedule, NormalSpec } from './normal.js';

/** A backstop: workflow code that can't go on would otherwise stay Running, and Skip would starve the schedule. */
const EXECUTION_TIMEOUT_INTERVALS = 4;
const MONTHS = 'JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER'.split(
  ' ',
) as Month[];
const DAYS = 'SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY'.split(' ') as DayOfWeek[];

const OVERLAP = {
  skip: 'SKIP',
  bufferOne: 'BUFFER_ONE',
  bufferAll: 'BUFFER_ALL',
  cancelOther: 'CANCEL_OTHER',
  terminateOther: 'TERMINATE_OTHER',
  allowAll: 'ALLOW_ALL',
} as const satisfies Record<OverlapPolicy, string>;

function overlapText(overlap: OverlapPolicy): string {
  return OVERLAP[overlap].toLowerCase().replaceAll('_', '-');
}

/** The schedule of a pipeline in normal form. The namespace is needed for the links in its details. */
export function desiredSchedule(
  settings: Settings,
  pipeline: PipelineSettings,
  namespace: string,
): NormalSchedule {
  const { name, schedule, limits } = pipeline;
  const input: RunInput = { pipeline: name, limits };
  return {
    action: {
      workflowType: WORKFLOW_TYPE,
      workflowId: workflowIdOf(name),
      taskQueue: settings.worker.taskQueue,
      args: [input],
      executionTimeoutMs: executionTimeoutMs(pipeline),
      runTimeoutMs: null,
      retry: null,
      summary: `${pipeline.topic} → ${settings.mongodb.database}.${pipeline.collection}`,
      details: detailsOf(settings, pipeline, namespace),
    },
    spec: specOf(schedule),
    policies: {
      overlap: OVERLAP[schedule.overlap],
      catchupWindowMs: schedule.catchupWindowMs,
      pauseOnFailure: false,
    },
  };
}

/** Four intervals, but never less than all attempts may take; with `cron` four times those. */
function executionTimeoutMs({ schedule, limits }: PipelineSettings): number {
  const unitMs = schedule.every?.intervalMs ?? limits.scheduleToCloseMs;
  return Math.max(unitMs * EXECUTION_TIMEOUT_INTERVALS, limits.scheduleToCloseMs * 2);
}

function specOf({ every, cron, jitterMs }: ScheduleSettings): NormalSpec {
  return {
    intervals: every === null ? [] : [{ everyMs: every.intervalMs, offsetMs: every.offsetMs }],
    calendars: (cron?.expressions ?? []).map(calendarOf),
    skip: [],
    startAt: null,
    endAt: null,
    jitterMs,
    timezone: cron?.timezone ?? '',
  };
}

/** The calendar that the server would make of the expression; the comment shows the expression in the Web UI. */
function calendarOf(expression: string): CalendarSpecDescription {
  const cron = parseCron(expression);
  if (cron === null)
    throw new DrainError('CONFIG_INVALID', `Not a cron expression of five fields: ${expression}`);
  const named = <Name>(ranges: CronRange[], nameOf: (value: number) => Name) =>
    ranges.map(({ start, end, step }) => ({ start: nameOf(start), end: nameOf(end), step }));
  return {
    second: [{ start: 0, end: 0, step: 1 }],
    minute: cron.minute,
    hour: cron.hour,
    dayOfMonth: cron.dayOfMonth,
    month: named(cron.month, (month) => MONTHS[month - 1] ?? 'JANUARY'),
    year: [],
    dayOfWeek: named(cron.dayOfWeek, (day) => DAYS[day] ?? 'SUNDAY'),
    comment: expression,
  };
}

/** Markdown for the Web UI. Links begin at its root, so that they fit whatever its address is. */
function detailsOf(settings: Settings, pipeline: PipelineSettings, namespace: string): string {
  const { name, limits, schedule } = pipeline;
  const time = formatDuration;
  const target = `${settings.mongodb.database}.${pipeline.collection}`;
  const query = encodeURIComponent(`TemporalScheduledById="${scheduleIdOf(name)}"`);
  const root = `/namespaces/${encodeURIComponent(namespace)}`;
  return [
    `Drains the topic \`${pipeline.topic}\` into \`${target}\` as consumer group \`${pipeline.group}\`.`,
    '',
    `- Ticks: ${ticksText(schedule)}; overlap ${overlapText(schedule.overlap)}; catchup window ${time(schedule.catchupWindowMs)}`,
    `- Ends: ${pipeline.until}; idle timeout ${time(limits.idleTimeoutMs)}${limits.maxRecords === null ? '' : `; at most ${limits.maxRecords} records`}`,
    `- Budget ${time(limits.budgetMs)}; hard kill ${time(limits.startToCloseMs)}; all attempts ${time(limits.scheduleToCloseMs)}`,
    `- Dead letters: \`${settings.mongodb.database}.${pipeline.deadLetters.collection}\``,
    `- [Schedule](${root}/schedules/${encodeURIComponent(scheduleIdOf(name))}), [all runs](${root}/workflows?query=${query})`,
  ].join('\n');
}

function ticksText({ every, cron, jitterMs }: ScheduleSettings): string {
  const jitter = jitterMs > 0 ? `, jitter ${formatDuration(jitterMs)}` : '';
  if (every === null)
    return `${(cron?.expressions ?? []).join(' and ')} (${cron?.timezone ?? 'UTC'})${jitter}`;
  const offset = every.offsetMs > 0 ? `, offset ${formatDuration(every.offsetMs)}` : '';
  return `every ${formatDuration(every.intervalMs)}${offset}${jitter}`;
}
