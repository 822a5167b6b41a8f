import type { Version } from '../mongodb/sink.js';

/**
 * Which of two records of one document id is newer: higher epoch; in one partition the higher offset; across partitions
 * the later timestamp, then the greater partition name. The same rule as the guard that MongoDB evaluates on the stored document.
 * @returns negative: `a` is older; positive: `a` is newer; 0: the same record.
 */
export function compareVersions(a: Version, b: Version): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.partition === b.partition) return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0;
  if (a.timestampMs !== b.timestampMs) return a.timestampMs - b.timestampMs;
  return a.partition < b.partition ? -1 : 1;
}
