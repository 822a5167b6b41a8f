import type { NormalSchedule } from './normal.js';

/** One value of a schedule that isn't as the configuration wants it. */
export interface Difference {
  /** `policies.overlap`, `action.args[0].limits.budgetMs`. */
  path: string;
  /** On the server; `undefined`: not there. */
  from: unknown;
  /** Wanted; `undefined`: to be removed. */
  to: unknown;
}

/** What has to change on the server, value by value; empty: nothing. */
export function diffSchedule(desired: NormalSchedule, described: NormalSchedule): Difference[] {
  return differences(described, desired, '');
}

function differences(from: unknown, to: unknown, path: string): Difference[] {
  if (Object.is(from, to)) return [];
  if (!isContainer(from) || !isContainer(to) || Array.isArray(from) !== Array.isArray(to))
    return [{ path, from, to }];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => {
    const below = Array.isArray(to) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    return differences(from[key], to[key], below);
  });
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
