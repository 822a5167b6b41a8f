import type { PipelineSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { partitionName, type CommittedOffset, type LogState, type PartitionState } from '../kafka/source.js';
import { decodeMark, type OffsetRange } from './commit-mark.js';

type CheckRules = Pick<PipelineSettings, 'name' | 'group' | 'epoch' | 'onDataLoss'>;

/**
 * Refuses to go on under an earlier epoch than the group's commits: the stored documents of the later one would win over every
 * record. Retryable, since a worker with the old configuration may be on its way out. Error: `CONFIG_MISMATCH`.
 */
export function refuseRaisedEpoch(rules: CheckRules, { partitions }: Pick<LogState, 'partitions'>): void {
  for (const state of partitions) {
    const mark = decodeMark(state.committed?.metadata ?? '');
    if (mark === null || mark.epoch <= rules.epoch) continue;
    throw new DrainError(
      'CONFIG_MISMATCH',
      `${partitionName(state)}: group "${rules.group}" has committed under epoch ${String(mark.epoch)}, and this worker's ` +
        `configuration of pipeline "${rules.name}" says epoch ${String(rules.epoch)}. An epoch can only be raised: documents of ` +
        'the later one would win over every record. Give all workers the same configuration, with the later epoch.',
    );
  }
}

/**
 * The committed offset that counts for this epoch: one committed by us under an earlier epoch no longer does, that is how an
 * operator accepts a break of the log.
 */
export function committedInEpoch(
  rules: Pick<CheckRules, 'epoch'>,
  state: Pick<PartitionState, 'committed'>,
): CommittedOffset | null {
  if (state.committed === null) return null;
  const mark = decodeMark(state.committed.metadata);
  return mark !== null && mark.epoch < rules.epoch ? null : state.committed;
}

/**
 * The same for the first run of a raised epoch: there a commit that isn't ours doesn't count either if nobody can read from
 * it, for then it belongs to the old log.
 */
export function committedAfterBreak(
  rules: Pick<CheckRules, 'epoch'>,
  state: PartitionState,
): CommittedOffset | null {
  const committed = committedInEpoch(rules, state);
  if (committed === null || decodeMark(committed.metadata) !== null) return committed;
  return committed.offset >= 0n && committed.offset <= state.end ? committed : null;
}

/**
 * Refuses committed offsets from which Kafka's clients would jump somewhere else without a word (kafkajs commits -1 and goes
 * to the newest record; brokers accept commits beyond the end).
 * @returns where reading starts, and the records that expired unread if `onDataLoss` is `skip`.
 */
export function checkCommitted(
  rules: CheckRules,
  state: PartitionState,
  offset: bigint,
): { start: bigint; lost: OffsetRange[] } {
  if (offset < 0n) throw invalidOffset(rules, state, offset);
  if (offset > state.end) throw beyondEnd(rules, state, offset);
  if (offset >= state.low) return { start: offset, lost: [] };
  const lost = { from: String(offset), to: String(state.low) };
  if (rules.onDataLoss === 'skip') return { start: state.low, lost: [lost] };
  throw new DrainError(
    'RECORDS_EXPIRED',
    `${partitionName(state)}: records ${lost.from} up to ${lost.to} were deleted by retention before they were read. ` +
      `To go on at ${lost.to} and have the range reported as lost, set "onDataLoss: skip" in pipeline "${rules.name}".`,
  );
}

function invalidOffset(rules: CheckRules, state: PartitionState, offset: bigint): DrainError {
  return new DrainError(
    'OFFSET_INVALID',
    `${partitionName(state)}: the committed offset of group "${rules.group}" is ${String(offset)}, which no record can have. ` +
      `Reset it with Kafka's consumer group tool, or ${acceptBreak(rules)}`,
  );
}

function beyondEnd(rules: CheckRules, state: PartitionState, offset: bigint): DrainError {
  return new DrainError(
    'OFFSET_BEYOND_END',
    `${partitionName(state)}: the committed offset ${String(offset)} of group "${rules.group}" lies beyond the end ` +
      `${String(state.end)}: the topic was truncated or recreated, or somebody set the offset. ` +
      `Reset it with Kafka's consumer group tool, or ${acceptBreak(rules)}`,
  );
}

/** The remedy for a log that isn't the one that was read before. */
export function acceptBreak(rules: CheckRules): string {
  return (
    `accept the break with "epoch: ${String(rules.epoch + 1)}" in pipeline "${rules.name}" ` +
    '(the start policy applies again, and new records win over documents of the old log).'
  );
}
