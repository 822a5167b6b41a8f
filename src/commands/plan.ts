/** `kafka-drain plan` and `apply`: schedules as code. */
import { applySchedules, planSchedules, type ScheduleChange } from '../schedules/apply.js';
import type { Difference } from '../schedules/diff.js';
import { printData, settingsOf, type Context, type ExitCode } from './context.js';
import type { Style } from './style.js';
import { askTemporal } from './temporal-client.js';

export interface PlanOptions {
  /** Whether changes give exit code 3. */
  exitCode?: boolean;
}

/** Shows what `apply` would do; changes nothing. */
export async function plan(context: Context, { exitCode = false }: PlanOptions): Promise<ExitCode> {
  const settings = settingsOf(context);
  const changes = await askTemporal(context, (client) => planSchedules(client, settings));
  printData(context, changes, () => changesText(changes, context.style, 'plan'));
  warnOfForeign(context, changes);
  return exitCode && changes.some(isChange) ? 3 : 0;
}

export interface ApplyOptions {
  /** Whether schedules of ours that the file no longer names are deleted. */
  prune?: boolean;
}

/** Makes the server's schedules those of the file. */
export async function apply(context: Context, { prune = false }: ApplyOptions): Promise<ExitCode> {
  const settings = settingsOf(context);
  const changes = await askTemporal(context, (client) => applySchedules(client, settings, { prune }));
  printData(context, changes, () => changesText(changes, context.style, 'apply'));
  return warnOfForeign(context, changes) ? 1 : 0;
}

function isChange({ kind }: ScheduleChange): boolean {
  return kind === 'create' || kind === 'update' || kind === 'delete';
}

/** Returns whether there was something to warn of. */
function warnOfForeign({ say, style }: Context, changes: readonly ScheduleChange[]): boolean {
  const foreign = changes.filter(({ kind }) => kind === 'foreign');
  for (const { scheduleId, pipeline } of foreign) {
    const remedy = `delete it (temporal schedule delete --schedule-id ${scheduleId}), or rename the pipeline`;
    say(
      `${style.bad('error')}: the schedule ${scheduleId} wasn't made by kafka-drain and was left alone, so that the pipeline ${pipeline} has none: ${remedy}`,
    );
  }
  return foreign.length > 0;
}

type Command = 'plan' | 'apply';

const VERBS: Readonly<Record<ScheduleChange['kind'], Readonly<Record<Command, string>>>> = {
  create: { plan: 'will be created', apply: 'created' },
  update: { plan: 'will be updated', apply: 'updated' },
  unchanged: { plan: 'is up to date', apply: 'is up to date' },
  orphan: {
    plan: 'is no longer in the file; `apply --prune` deletes it',
    apply: 'is no longer in the file; `apply --prune` deletes it',
  },
  delete: { plan: 'will be deleted', apply: 'deleted' },
  foreign: { plan: "wasn't made by kafka-drain", apply: "wasn't made by kafka-drain" },
};

function changesText(changes: readonly ScheduleChange[], style: Style, command: Command): string {
  const lines = changes.flatMap((change) => [
    headline(change, style, command),
    ...change.differences.flatMap(differenceLines),
  ]);
  return lines.length === 0 ? 'no schedules' : lines.join('\n');
}

function headline(
  { scheduleId, kind, paused, note }: ScheduleChange,
  style: Style,
  command: Command,
): string {
  const reason = note === null ? '' : ` (${note})`;
  const pause = paused ? style.warning(` · paused${reason}, stays so`) : '';
  return `${markOf(kind, style)} ${style.strong(scheduleId)} ${VERBS[kind][command]}${pause}`;
}

function markOf(kind: ScheduleChange['kind'], style: Style): string {
  const marks: Readonly<Record<ScheduleChange['kind'], string>> = {
    create: style.good('+'),
    update: style.warning('~'),
    unchanged: style.faint('='),
    orphan: style.warning('?'),
    delete: style.bad('-'),
    foreign: style.bad('!'),
  };
  return marks[kind];
}

/** Texts of several lines are compared line by line, since mostly one of them changed. */
function differenceLines({ path, from, to }: Difference): string[] {
  if (typeof from !== 'string' || typeof to !== 'string' || !to.includes('\n')) {
    return [`    ${path}: ${valueText(from)} → ${valueText(to)}`];
  }
  const before = from.split('\n');
  const after = to.split('\n');
  const gone = before.filter((line) => !after.includes(line)).map((line) => `      - ${line}`);
  const added = after.filter((line) => !before.includes(line)).map((line) => `      + ${line}`);
  return [`    ${path}:`, ...gone, ...added];
}

function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
