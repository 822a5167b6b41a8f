import { DrainError } from '../errors.js';
import {
  partitionName,
  type Commit,
  type CommittedOffset,
  type PartitionName,
  type PartitionStart,
  type TopicPartition,
} from './source.js';

/** Where a member begins to read a partition it was given, and the start it commits first. */
export interface Position extends TopicPartition {
  offset: bigint;
  /** `null`: the group has this offset committed already. */
  commit: Commit | null;
}

/**
 * The group's committed offset decides, unless it is still exactly what the wanted start replaces. A partition without any
 * is refused: kafkajs would begin at one end of the log, silently. Errors: `OFFSET_OUT_OF_RANGE`, `OFFSET_INVALID`.
 */
export function startPositions(
  assigned: readonly TopicPartition[],
  wanted: ReadonlyMap<PartitionName, PartitionStart>,
  committed: ReadonlyMap<PartitionName, CommittedOffset>,
): Position[] {
  return assigned.map(({ topic, partition }) => {
    const name = partitionName({ topic, partition });
    const current = committed.get(name)?.offset ?? null;
    const start = wanted.get(name)?.start ?? null;
    if (start !== null && current === start.replaces) {
      const { offset, metadata } = start;
      return { topic, partition, offset, commit: { offset, metadata } };
    }
    return { topic, partition, offset: usable(current, name), commit: null };
  });
}

function usable(offset: bigint | null, place: string): bigint {
  if (offset === null) {
    throw new DrainError(
      'OFFSET_OUT_OF_RANGE',
      `The group's committed offset of ${place} is gone since the run was planned (expired, deleted, or the topic was recreated). Nothing was skipped; the next run plans anew.`,
    );
  }
  if (offset < 0n) {
    throw new DrainError(
      'OFFSET_INVALID',
      `The group's committed offset of ${place} is ${String(offset)}, which is no offset. Set it with kafka-consumer-groups --reset-offsets.`,
    );
  }
  return offset;
}
