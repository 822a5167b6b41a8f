import type { Plan, PlannedPartition } from '../contract.js';
import { lagOf } from './result.js';

/** One member's part of a run. */
export interface Share {
  /** From 1. */
  member: number;
  /** The run's, as if there were no other partitions than the member's own. */
  plan: Plan;
}

/**
 * Every partition to exactly one member, so that the planned records are in balance: the largest first, each to the member that
 * has least so far. Those without planned records go by number, since what they may still bring (`until: idle`) nobody knows.
 */
export function sharesOf(plan: Plan, members: number): Share[] {
  const parts = Array.from({ length: members }, () => ({ lag: 0, partitions: new Set<PlannedPartition>() }));
  const lags = new Map(plan.partitions.map((planned) => [planned, lagOf([planned])]));
  for (const [planned, lag] of [...lags].sort(([, one], [, other]) => other - one)) {
    const burden = (part: Part) => (lag > 0 ? part.lag : part.partitions.size);
    const least = parts.reduce((best, part) => (burden(part) < burden(best) ? part : best));
    least.lag += lag;
    least.partitions.add(planned);
  }
  return parts.map(({ partitions }, index) => ({ member: index + 1, plan: shareOf(plan, partitions) }));
}

interface Part {
  lag: number;
  partitions: Set<PlannedPartition>;
}

/** Warnings are the run's; a drain needs none. */
function shareOf(plan: Plan, own: ReadonlySet<PlannedPartition>): Plan {
  const partitions = plan.partitions.filter((planned) => own.has(planned));
  const lost = plan.lost.filter((range) => partitions.some((planned) => isSame(planned, range)));
  return { ...plan, warnings: [], lost, lagBefore: lagOf(partitions), partitions };
}

type Place = Pick<PlannedPartition, 'topic' | 'partition'>;

function isSame(one: Place, other: Place): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
