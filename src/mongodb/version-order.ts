import { hasTime } from './iso-date.js';
import type { Version, VersionOrder } from './sink.js';
import { compareVersionValues } from './version-values.js';

/**
 * Which of two records of one document id is newer, by the rule that `order` names. The same rule as the guard that MongoDB
 * evaluates on the stored document (`merge.ts`).
 * @returns negative: `a` is older; positive: `a` is newer; 0: the same record.
 */
export function compareVersions(a: Version, b: Version, order: VersionOrder = 'offset'): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (order === 'offset' && a.partition === b.partition) return compare(a.offset, b.offset);
  if (order === 'declared') {
    const declared = compareVersionValues(a.declared, b.declared);
    if (declared !== 0) return declared;
  }
  const timestamps = usableTimestamp(a) - usableTimestamp(b);
  if (timestamps !== 0) return timestamps;
  return compare(a.partition, b.partition) || compare(a.offset, b.offset);
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What can't be stored as a date is stored as null, which is older than any. */
function usableTimestamp({ timestampMs }: Version): number {
  return hasTime(timestampMs) ? timestampMs : -1;
}
