import { isPerTopic } from '../config/collections.js';
import type { PipelineSettings } from '../config/settings.js';
import type { Plan, PlannedPartition, Warning } from '../contract.js';
import { DrainError } from '../errors.js';
import { partitionName, type CommittedOffset, type PartitionState } from '../kafka/source.js';
import { decodeMark, type OffsetRange } from './commit-mark.js';
import { membersOf, type PartitionPlan } from './members.js';
import { differences, rememberPrevious, type Memory } from './memory.js';
import { runContinuity } from './continuity.js';
import {
  acceptBreak,
  checkCommitted,
  committedAfterBreak,
  committedInEpoch,
  refuseRaisedEpoch,
} from './offset-checks.js';
import { startWithoutCommit, type StartInput } from './starts.js';
import { refuseUnfitCollections, type WritingPlace } from './topic-collections.js';
import { refuseOtherVersionRule } from './version-rule.js';

export interface PlanningInput extends StartInput, WritingPlace {
  searchAttributes: boolean;
  now: Date;
}

/** Offsets of a group without members expire after 7 days by default; a group that joins once a day never comes near. */
const RECOMMIT_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Fixes what a run will read: from where, up to where, and how that follows from the runs before it.
 * Errors: `CONFIG_MISMATCH`, `TOPIC_RECREATED`, `RECORDS_EXPIRED`, `OFFSET_INVALID`, `OFFSET_BEYOND_END`, `START_REQUIRED`,
 * `COLLECTION_UNSUITABLE`.
 */
export function makePlan(input: PlanningInput): Plan {
  const { pipeline, state, now } = input;
  refuseUnfitCollections(input, state);
  refuseRaisedEpoch(pipeline, state);
  refuseOtherVersionRule(pipeline, state);
  const memory = rememberPrevious(input);
  const partitions = state.partitions.map((partition) => planPartition(input, memory, partition));
  const lagBefore = partitions.reduce((sum, { start, end }) => sum + Number(end - start), 0);
  const quiet = lagBefore === 0 && partitions.every(({ committed, start }) => committed === start);
  const quietSince = quiet ? quietSinceOf(input, memory) : null;
  const members = membersOf(pipeline, partitions);
  return {
    pipeline: pipeline.name,
    clusterId: state.clusterId,
    topic: pipeline.topic,
    topics: [...state.topics, ...(memory?.gone ?? [])],
    group: pipeline.group,
    collection: `${input.database}.${pipeline.collection}`,
    epoch: pipeline.epoch,
    fingerprint: pipeline.fingerprint,
    plannedAt: now.toISOString(),
    nothingToDo: quietSince !== null && now.getTime() - Date.parse(quietSince) < RECOMMIT_AFTER_MS,
    searchAttributes: input.searchAttributes,
    catchUp: pipeline.catchUp,
    quietSince,
    lagBefore,
    continuity: runContinuity(partitions.map(({ continuity }) => continuity)),
    warnings: inMeasure(warningsOf(input, memory, partitions)),
    lost: partitions.flatMap(({ topic, partition, lost }) =>
      lost.map((range) => ({ topic, partition, ...range })),
    ),
    ...(members > 1 && { members }),
    partitions: partitions.map(toPlanned),
  };
}

function toPlanned({ topic, partition, start, end, committed, continuity }: PartitionPlan): PlannedPartition {
  return {
    topic,
    partition,
    start: String(start),
    end: String(end),
    committed: committed === null ? null : String(committed),
    ...(continuity === 'new' && { added: true }),
  };
}

function planPartition(input: PlanningInput, memory: Memory | null, state: PartitionState): PartitionPlan {
  const known = memory?.partitions.get(partitionName(state));
  if (known !== undefined && state.end < known.end) throw shrunk(input.pipeline, state, known.end);
  const remembered = known?.committed ?? null;
  const committed = acceptsBreak(input, memory)
    ? committedAfterBreak(input.pipeline, state)
    : committedInEpoch(input.pipeline, state);
  const { topic, partition, end } = state;
  const plan = { topic, partition, end, committed: committed?.offset ?? null };
  if (committed === null) return { ...plan, ...startWithoutCommit(input, memory, remembered, state) };
  const { start, lost } = checkCommitted(input.pipeline, state, committed.offset);
  const untold = untoldBy(input, committed, remembered);
  return {
    ...plan,
    start,
    lost: [...untold, ...lost],
    ...comparison(input.pipeline, state, committed, remembered),
  };
}

/**
 * What runs since the previous successful one have passed over as lost: they failed, so no result has told of it. Under AllowAll
 * there is no previous result to know by, and what a run finds is in its own result only.
 */
function untoldBy(
  { pipeline }: PlanningInput,
  committed: CommittedOffset,
  remembered: bigint | null,
): readonly OffsetRange[] {
  const lost = decodeMark(committed.metadata)?.lost ?? [];
  if (remembered === null) return pipeline.schedule.overlap === 'allowAll' ? [] : lost;
  return lost.filter(({ to }) => BigInt(to) > remembered);
}

/** Whether the epoch was raised and nothing has been committed under it yet. */
function acceptsBreak({ pipeline, state }: PlanningInput, memory: Memory | null): boolean {
  if (pipeline.epoch === 1 || memory !== null) return false;
  return state.partitions.every(({ committed }) => {
    const mark = decodeMark(committed?.metadata ?? '');
    return mark === null || mark.epoch < pipeline.epoch;
  });
}

function shrunk(pipeline: PipelineSettings, state: PartitionState, rememberedEnd: bigint): DrainError {
  return new DrainError(
    'TOPIC_RECREATED',
    `${partitionName(state)}: the log ends at ${String(state.end)}, but at the previous run it reached ` +
      `${String(rememberedEnd)}: the topic was truncated or recreated. If that was meant, ${acceptBreak(pipeline)}`,
  );
}

function comparison(
  pipeline: PipelineSettings,
  state: PartitionState,
  committed: { offset: bigint; metadata: string },
  remembered: bigint | null,
): Pick<PartitionPlan, 'continuity' | 'warning'> {
  if (remembered === null) return { continuity: 'unremembered', warning: null };
  if (committed.offset < remembered) return { continuity: 'replay', warning: null };
  if (committed.offset === remembered || decodeMark(committed.metadata) !== null) {
    return { continuity: 'continuous', warning: null };
  }
  const message =
    `${partitionName(state)}: the committed offset of group "${pipeline.group}" went from ${String(remembered)} to ` +
    `${String(committed.offset)} outside of our runs: another consumer of the group or an operator moved it.`;
  return { continuity: 'gap', warning: { code: 'COMMITTED_ELSEWHERE', message } };
}

/**
 * Since when nothing has happened in the group: the newest of our commits, or what the previous run knew. Where neither is
 * known and results don't carry over (AllowAll), as long ago as can be, so that the group is joined now.
 */
function quietSinceOf({ pipeline, state, previous, now }: PlanningInput, memory: Memory | null): string {
  const marks = state.partitions.flatMap(({ committed }) => decodeMark(committed?.metadata ?? '')?.at ?? []);
  const known = [...marks, ...(memory === null ? [] : [previous?.quietSince ?? []].flat())];
  // A time from the future, of a worker whose clock was wrong, would put the recommit off for ever.
  const past = known.filter((time) => Date.parse(time) <= now.getTime());
  const newest = past.sort().at(-1);
  if (newest !== undefined) return newest;
  return pipeline.schedule.overlap === 'allowAll' ? new Date(0).toISOString() : now.toISOString();
}

function warningsOf(input: PlanningInput, memory: Memory | null, partitions: PartitionPlan[]): Warning[] {
  const { previous } = input;
  const warnings = partitions.flatMap(({ warning }) => warning ?? []);
  const added = addedToTopics(partitions);
  if (added.length > 0 && input.pipeline.documentId.from !== 'coordinates')
    warnings.push(partitionsAdded(added));
  if (memory !== null)
    warnings.push(...memory.newlyGone.map(topicGone), ...addedWithMarkers(input, memory).map(topicAdded));
  if (previous !== null && memory === null) {
    warnings.push({
      code: 'PREVIOUS_RUN_INCOMPARABLE',
      message: `the previous run was about ${differences(input, previous).join(', ')}: nothing of it was compared.`,
    });
  }
  return warnings;
}

/** More of one kind than this make no result easier to understand, only too large. */
const WARNINGS_OF_A_KIND = 20;

function inMeasure(warnings: readonly Warning[]): Warning[] {
  const codes = [...new Set(warnings.map(({ code }) => code))];
  return codes.flatMap((code) => {
    const all = warnings.filter((warning) => warning.code === code);
    const told = all.slice(0, WARNINGS_OF_A_KIND);
    const more = all.length - told.length;
    return more === 0 ? told : [...told, { code, message: `the same of ${String(more)} more.` }];
  });
}

/** Not those of a topic that is new as a whole: no key can have moved in it. */
function addedToTopics(partitions: readonly PartitionPlan[]): PartitionPlan[] {
  const isNew = ({ continuity }: PartitionPlan) => continuity === 'new';
  const known = new Set(partitions.filter((planned) => !isNew(planned)).map(({ topic }) => topic));
  return partitions.filter((planned) => isNew(planned) && known.has(planned.topic));
}

function partitionsAdded(added: readonly PartitionPlan[]): Warning {
  return {
    code: 'PARTITIONS_ADDED',
    message:
      `new partitions (${added.map(partitionName).join(', ')}): keys may have moved. Between partitions the record ` +
      "timestamp decides which version is newer, so producers' clocks must not run backwards across the move.",
  };
}

/** New topics whose collections `setup` may not have seen yet, although deletes leave markers in them. */
function addedWithMarkers({ pipeline, state }: PlanningInput, { topics }: Memory): string[] {
  if (!isPerTopic(pipeline) || pipeline.deletes !== 'soft') return [];
  return state.topics.flatMap(({ topic }) => (topics.has(topic) ? [] : [topic]));
}

function topicAdded(topic: string): Warning {
  return {
    code: 'TOPIC_ADDED',
    message:
      `topic "${topic}" is new: unless that was done since it was created, run "kafka-drain setup" for the index that purges ` +
      "its deleted documents' markers and the view that hides them.",
  };
}

function topicGone(topic: string): Warning {
  return {
    code: 'TOPIC_GONE',
    message: `topic "${topic}" isn't there any more; what the previous run had left unread in it is gone with it.`,
  };
}
