import type { Continuity } from '../contract.js';

/** How one partition's committed offset relates to what the previous successful run left. */
export type PartitionContinuity = Exclude<Continuity, 'unknown'> | 'unremembered' | 'new';

/** The loudest finding wins: a gap is what nobody may overlook. */
const LOUDEST_FIRST = ['gap', 'replay', 'resumed', 'continuous'] as const;

/**
 * One word for the run. `unknown`: the group has commits, but there is no previous result to compare them with (a new or
 * recreated schedule, overlap policy AllowAll, offsets taken over from another consumer).
 */
export function runContinuity(partitions: readonly PartitionContinuity[]): Continuity {
  const found = new Set(partitions);
  const loudest = LOUDEST_FIRST.find((finding) => found.has(finding));
  if (loudest !== undefined) return loudest;
  return found.has('unremembered') ? 'unknown' : 'first';
}
