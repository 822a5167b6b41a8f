import { fromIsoDate, MAX_DATE_MS } from '../mongodb/iso-date.js';
import { unwrapped } from '../mongodb/values.js';
import { bad, type BadRecord } from './bad-record.js';

type Holder = Record<string, unknown>;

/**
 * Turns the declared fields of a document into dates, in place: ISO 8601 with zone (or a day, at midnight UTC), or milliseconds
 * since 1970. `null` and missing ones stay as they are; dotted paths go into objects, and into every element of an array.
 */
export function convertDates(fields: Holder, paths: readonly string[]): BadRecord | null {
  for (const path of paths) {
    if (!convertAt(fields, path.split('.'))) {
      return bad(
        'decode',
        'NOT_A_DATE',
        `the field "${path}" is neither an ISO 8601 time with zone nor milliseconds`,
      );
    }
  }
  return null;
}

/** Whether everything there could be converted. */
function convertAt(holder: unknown, path: readonly string[]): boolean {
  if (Array.isArray(holder)) return holder.every((item) => convertAt(item, path));
  const [field = '', ...rest] = path;
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, field)) return true;
  const object = holder as Holder;
  if (rest.length > 0) return convertAt(object[field], rest);
  const found = object[field];
  const converted = Array.isArray(found) ? found.map(toDate) : toDate(found);
  object[field] = converted;
  return Array.isArray(converted) ? !converted.includes(undefined) : converted !== undefined;
}

/** `undefined`: it isn't one. */
function toDate(wrapped: unknown): Date | null | undefined {
  const value = unwrapped(wrapped);
  if (value === null || value instanceof Date) return value;
  if (typeof value === 'bigint') return toDate(Number(value));
  if (typeof value === 'number') return Math.abs(value) <= MAX_DATE_MS ? new Date(value) : undefined;
  return typeof value === 'string' ? fromIsoDate(value) : undefined;
}
