/** The last moment that a date can hold, milliseconds since 1970. */
export const MAX_DATE_MS = 8.64e15;

/** Whether a record's timestamp is one: neither missing nor beyond what a date can be. */
export function hasTime(timestampMs: number): boolean {
  return timestampMs >= 0 && timestampMs <= MAX_DATE_MS;
}

// Date.parse takes much else, some of it in the machine's time zone.
const ISO_8601 = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

const DAY = 'YYYY-MM-DD'.length;

/** Of ISO 8601 with zone, or a day (at midnight UTC); `undefined`: it isn't that. Cut to milliseconds. */
export function fromIsoDate(text: string): Date | undefined {
  if (!ISO_8601.test(text) || !isDay(text.slice(0, DAY))) return undefined;
  const time = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** Date.parse takes the 31st of each month, and makes the next month's first of it. */
function isDay(day: string): boolean {
  const time = Date.parse(day);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
