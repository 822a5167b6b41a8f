/**
 * Cron expressions of five fields, parsed by ourselves: a mistake is found when the configuration is read, and what the
 * server sends back (it turns cron into calendars) can be compared with what we want.
 */

/** Values from `start` to `end`, both included, every `step`. */
export interface CronRange {
  start: number;
  end: number;
  step: number;
}

/** Day of month and day of week must *both* match, as in Temporal (other crons take either). */
export interface Cron {
  minute: CronRange[];
  hour: CronRange[];
  dayOfMonth: CronRange[];
  month: CronRange[];
  dayOfWeek: CronRange[];
}

interface Field {
  name: keyof Cron;
  min: number;
  max: number;
  names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'dayOfMonth', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'dayOfWeek', min: 0, max: 6, names: DAYS },
] as const satisfies readonly Field[];

const SHORTHANDS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
};

/** `null` where the expression isn't one of five fields (or `@hourly` … `@yearly`). */
export function parseCron(expression: string): Cron | null {
  const text = expression.trim().toLowerCase();
  const parts = (SHORTHANDS[text] ?? text).split(/\s+/);
  if (parts.length !== FIELDS.length) return null;
  const cron: Cron = { minute: [], hour: [], dayOfMonth: [], month: [], dayOfWeek: [] };
  for (const [index, field] of FIELDS.entries()) {
    const ranges = (parts[index] ?? '').split(',').map((part) => parseRange(part, field));
    if (ranges.some((range) => range === null)) return null;
    cron[field.name] = ranges.filter((range) => range !== null);
  }
  return cron;
}

function parseRange(part: string, field: Field): CronRange | null {
  const match = /^(\*|\w+(?:-\w+)?)(?:\/(\d+))?$/.exec(part);
  if (match === null) return null;
  const [, values = '', every] = match;
  const step = every === undefined ? 1 : Number(every);
  if (values === '*') return rangeOf(field.min, field.max, step);
  const [first = '', last] = values.split('-');
  const start = parseValue(first, field);
  if (last !== undefined) return rangeOf(start, parseValue(last, field), step);
  // `5/15` means from 5 to the end of the field
  return rangeOf(start, every === undefined ? start : field.max, step);
}

function rangeOf(start: number | null, end: number | null, step: number): CronRange | null {
  if (start === null || end === null || end < start || step < 1) return null;
  return { start, end, step };
}

function parseValue(text: string, field: Field): number | null {
  const named = field.names.indexOf(text);
  if (named >= 0) return named + field.min;
  if (!/^\d+$/.test(text)) return null;
  const value = Number(text);
  // 7 is Sunday, too
  if (field.name === 'dayOfWeek' && value === 7) return 0;
  return value >= field.min && value <= field.max ? value : null;
}
