/** Where a partition begins in which nothing is committed. */
import type { PipelineSettings } from '../config/settings.js';
import { topicMatcher } from '../config/topic-pattern.js';
import { patternIn } from '../config/topics-text.js';
import type { Warning } from '../contract.js';
import { DrainError } from '../errors.js';
import { partitionName, type PartitionName, type PartitionState } from '../kafka/source.js';
import { decodeMark, type OffsetRange } from './commit-mark.js';
import type { PartitionContinuity } from './continuity.js';
import type { Memory, MemoryInput } from './memory.js';
import { checkCommitted, committedInEpoch } from './offset-checks.js';

export interface StartInput extends MemoryInput {
  /** For the start policy `{ timestamp }`: the first offset at or after it, per partition. */
  offsetsAtStart: ReadonlyMap<PartitionName, bigint>;
}

export interface Start {
  start: bigint;
  continuity: PartitionContinuity;
  lost: OffsetRange[];
  warning: Warning | null;
}

/** @param remembered what the previous run had committed there. Errors: `START_REQUIRED` and those of `checkCommitted`. */
export function startWithoutCommit(
  input: StartInput,
  memory: Memory | null,
  remembered: bigint | null,
  state: PartitionState,
): Start {
  if (remembered !== null) return resumeAt(input.pipeline, state, remembered);
  return isAdded(input, memory, state)
    ? { start: state.low, continuity: 'new', lost: [], warning: null }
    : { start: policyStart(input, state), continuity: 'first', lost: [], warning: null };
}

/** Whether the partition came after earlier runs: the previous one doesn't know it, or others have commits of ours. */
function isAdded(input: StartInput, memory: Memory | null, state: PartitionState): boolean {
  const known = memory?.partitions.get(partitionName(state));
  if (known !== undefined) return known.added;
  return wasThere(input, memory, state.topic) || isTopicAdded(input, memory, state.topic);
}

/** Whether earlier runs had this topic. */
function wasThere(input: StartInput, memory: Memory | null, topic: string): boolean {
  return memory === null ? hasOwnCommits(input, topic) : memory.topics.has(topic);
}

/**
 * Whether a topic that earlier runs didn't have was created since: it wasn't there for a pattern that would have found it. One
 * that is new to a list, or matches only since the pattern was changed, was added by somebody who has a start policy in mind.
 * Where nothing is remembered, nothing tells the one from the other: then no record may be lost, and `fail` says so.
 */
function isTopicAdded(input: StartInput, memory: Memory | null, topic: string): boolean {
  const { pipeline, previous } = input;
  if (!('pattern' in pipeline.topics)) return false;
  if (memory === null) return pipeline.start !== 'fail' && hasOwnCommits(input);
  const before = patternIn(previous?.topic ?? '');
  return before !== null && topicMatcher(before)(topic);
}

function hasOwnCommits({ pipeline, state }: StartInput, topic?: string): boolean {
  return state.partitions.some((partition) => {
    if (topic !== undefined && partition.topic !== topic) return false;
    const committed = committedInEpoch(pipeline, partition);
    return committed !== null && decodeMark(committed.metadata) !== null;
  });
}

function resumeAt(pipeline: PipelineSettings, state: PartitionState, remembered: bigint): Start {
  const { start, lost } = checkCommitted(pipeline, state, remembered);
  return { start, lost, continuity: 'resumed', warning: offsetsGone(pipeline, state, start) };
}

function offsetsGone(pipeline: PipelineSettings, state: PartitionState, start: bigint): Warning {
  return {
    code: 'OFFSETS_EXPIRED',
    message:
      `${partitionName(state)}: group "${pipeline.group}" has no committed offset any more (expired or deleted); ` +
      `resumed at ${String(start)} from the previous run's result.`,
  };
}

function policyStart({ pipeline, offsetsAtStart }: StartInput, state: PartitionState): bigint {
  const { start } = pipeline;
  switch (start) {
    case 'earliest':
      return state.low;
    case 'latest':
      return state.end;
    case 'fail':
      throw new DrainError(
        'START_REQUIRED',
        `${partitionName(state)}: group "${pipeline.group}" has no committed offset and pipeline "${pipeline.name}" says ` +
          '"start: fail". Set the offset with Kafka\'s consumer group tool, or choose another start policy.',
      );
    default:
      return within(state, offsetsAtStart.get(partitionName(state)) ?? state.end);
  }
}

/** The log may have moved on between the two questions. */
function within({ low, end }: PartitionState, offset: bigint): bigint {
  if (offset < low) return low;
  return offset > end ? end : offset;
}
