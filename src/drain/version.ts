import type { Version } from '../mongodb/sink.js';

/** The last moment that a date can hold, milliseconds since 1970. */
const LATEST_DATE_MS = 8.64e15;

/**
 * Which of two records of one document id is newer: higher epoch; in one partition the higher offset; across partitions
 * the later timestamp, then the greater partition name. The same rule as the guard that MongoDB evaluates on the stored document.
 * @returns negative: `a` is older; positive: `a` is newer; 0: the same record.
 */
export function compareVersions(a: Version, b: Version): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.partition === b.partition) return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0;
  const timestamps = usableTimestamp(a) - usableTimestamp(b);
  if (timestamps !== 0) return timestamps;
  return a.partition < b.partition ? -1 : 1;
}

/** What can't be stored as a date is stored as null, which is older than any. */
function usableTimestamp({ timestampMs }: Version): number {
  return timestampMs >= 0 && timestampMs <= LATEST_DATE_MS ? timestampMs : -1;
}
