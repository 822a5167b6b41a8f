/** How many drains of one run share its partitions. */
import type { PipelineSettings } from '../config/settings.js';
import type { TopicPartition } from '../kafka/source.js';
import type { Start } from './starts.js';

/** What is planned in one partition. */
export interface PartitionPlan extends TopicPartition, Start {
  end: bigint;
  committed: bigint | null;
}

type Rules = Pick<PipelineSettings, 'members' | 'until' | 'start' | 'epoch'>;

/** As many as the pipeline wants, but not more than there are partitions with something to do. */
export function membersOf(rules: Rules, partitions: readonly PartitionPlan[]): number {
  if (mustStartTogether(rules, partitions)) return 1;
  const open = partitions.filter((partition) => rules.until === 'idle' || hasWork(partition));
  return Math.max(1, Math.min(rules.members, open.length));
}

function hasWork({ start, end, committed }: PartitionPlan): boolean {
  return start < end || committed !== start;
}

/**
 * Where the start policy decides and isn't `earliest`, and after an epoch was raised, all starts are committed at once. If one of
 * several members failed before that, the next run would take its partitions for new ones, and read them from their low watermarks.
 */
function mustStartTogether({ start, epoch }: Rules, partitions: readonly PartitionPlan[]): boolean {
  if (start === 'earliest' && epoch === 1) return false;
  return partitions.some(({ committed, continuity }) => committed === null && continuity === 'first');
}
