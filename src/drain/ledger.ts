import type { PipelineSettings } from '../config/settings.js';
import type { LostRange, PartitionResult, Plan, PlannedPartition } from '../contract.js';
import { DrainError } from '../errors.js';
import {
  partitionName,
  type CommittedOffset,
  type LogState,
  type PartitionName,
  type PartitionStart,
  type PartitionState,
} from '../kafka/source.js';
import { addBooks, EMPTY_BOOKS, sumBooks, type Books } from './books.js';
import { marksIn, type MarkContent, type OffsetRange, type RunMark } from './commit-mark.js';
import { checkCommitted, committedAfterBreak, committedInEpoch, refuseRaisedEpoch } from './offset-checks.js';
import { refuseOtherVersionRule } from './version-rule.js';

/** One planned partition while it is being drained. */
interface Entry {
  name: PartitionName;
  planned: PlannedPartition;
  plannedStart: bigint;
  plannedEnd: bigint;
  /** Where this attempt begins to read. */
  from: bigint;
  /** Set where `from` has to be committed before anything is read; `replaces` as in `PartitionStart`. */
  startReplaces: { offset: bigint | null } | null;
  /** `null` until something of this epoch is committed. */
  committed: bigint | null;
  /** Of this run from `countedFrom` up to `committed`, earlier attempts included. */
  books: Books;
  /** Before `plannedStart` where the group was set back after the plan was made. */
  countedFrom: bigint;
  /** What this run passes over as lost, as far as no result has told of it; travels with each commit. */
  lost: readonly OffsetRange[];
  /** What other runs have said, to be handed on with each commit. */
  others: readonly RunMark[];
}

type MarksIn = (metadata: string) => ReturnType<typeof marksIn>;

/**
 * The state of a drain: per partition what is committed and what the run did up to there. Counters advance only with a
 * commit, so they are exact whoever is killed.
 */
export interface Ledger {
  resumed: boolean;
  /** The last attempt of this run that has committed something; 1 if none has. */
  attempt: number;
  lost: readonly LostRange[];
  /** The partitions to join for, with the starts that must be committed. */
  starts: (markOf: (content: MarkContent) => string) => PartitionStart[];
  /** What the next commit's mark will carry; its books count once `committed` confirms it. */
  prepare: (partition: PartitionName, books: Books) => MarkContent;
  /**
   * Where the group stands: a commit of this member was acknowledged, or it has joined. The books in a mark of this run
   * count, whoever of its attempts made it: one that was given up too early may live on and share the partitions with this
   * one. Those of a batch that another run has committed meanwhile are the other run's.
   */
  committed: (partition: PartitionName, offset: bigint, metadata: string) => void;
  /** What another member of ours has committed. */
  observe: (partition: PartitionName, offset: bigint, metadata: string) => void;
  isDone: (partition: PartitionName) => boolean;
  unfinished: () => PartitionName[];
  /** Of one partition, as far as it is committed. */
  books: (partition: PartitionName) => Books;
  totals: () => Books;
  committedOffsets: () => { partition: PartitionName; offset: string | null }[];
  /** Planned records not yet committed. */
  lag: () => number;
  results: (atStop: LogState) => PartitionResult[];
}

/**
 * Opens the ledger of an attempt at what is committed by now, which may be further than the plan's start.
 * Errors: those of `checkCommitted`, `TOPIC_RECREATED`, `CONFIG_MISMATCH`.
 */
export function openLedger(pipeline: PipelineSettings, plan: Plan, runId: string, state: LogState): Ledger {
  refuseOtherTopics(plan, state);
  const lost: LostRange[] = [];
  // A run that is still under way has said something in the time that all attempts of a run have together.
  const since = new Date(Date.parse(plan.plannedAt) - pipeline.limits.scheduleToCloseMs).toISOString();
  const marks: MarksIn = (metadata) => marksIn(metadata, { run: runId, since });
  let resumed = false;
  let attempt = 1;
  refuseRaisedEpoch(pipeline, state);
  refuseOtherVersionRule(pipeline, state);
  const states = new Map(state.partitions.map((current) => [partitionName(current), current]));
  const entries = new Map(
    plan.partitions.map((planned) => {
      const current = currentState(planned, states.get(partitionName(planned)));
      const { own, others } = marks(current.committed?.metadata ?? '');
      const opened = openEntry(pipeline, plan, planned, current);
      // An earlier attempt may have passed over what the plan didn't know of yet.
      const toTell = [...(own?.lost ?? []), ...opened.lost].flatMap(
        (range) => sincePlanning(range, opened.entry.plannedStart) ?? [],
      );
      const { topic, partition } = planned;
      lost.push(...toTell.map((range) => ({ topic, partition, ...range })));
      opened.entry.lost = [...rangesOf(plan.lost, opened.entry.name), ...toTell];
      opened.entry.others = others;
      if (own !== null) {
        resumed = true;
        attempt = Math.max(attempt, own.attempt);
        adopt(opened.entry, own);
      }
      return [opened.entry.name, opened.entry] as const;
    }),
  );
  return { resumed, attempt, lost, ...ledgerOf(entries, pipeline, marks) };
}

function refuseOtherTopics(plan: Plan, state: LogState): void {
  if (plan.clusterId !== state.clusterId) {
    throw new DrainError(
      'CONFIG_MISMATCH',
      `the run was planned on Kafka cluster ${plan.clusterId}, but this worker's brokers belong to ${state.clusterId}: ` +
        'give all workers of the task queue the same configuration.',
    );
  }
  const now = new Map(state.topics.map(({ topic, topicId }) => [topic, topicId]));
  for (const { topic, topicId, gone } of plan.topics) {
    const current = now.get(topic) ?? null;
    // Unknown where a broker is too old, or has no answer for the moment.
    if (gone === true || topicId === null || current === null || topicId === current) continue;
    throw new DrainError(
      'TOPIC_RECREATED',
      `topic "${topic}" was deleted and recreated after the run was planned.`,
    );
  }
}

function currentState(planned: PlannedPartition, current: PartitionState | undefined): PartitionState {
  if (current !== undefined && current.end >= BigInt(planned.end)) return current;
  throw new DrainError(
    'TOPIC_RECREATED',
    `${partitionName(planned)}: the plan reads up to offset ${planned.end}, but the log now ends at ` +
      `${String(current?.end ?? 'nothing')}: the topic was truncated or recreated after the run was planned.`,
  );
}

function openEntry(
  pipeline: PipelineSettings,
  plan: Plan,
  planned: PlannedPartition,
  current: PartitionState,
): { entry: Entry; lost: OffsetRange[] } {
  const plannedStart = BigInt(planned.start);
  const committed = offsetOf(countedCommit(pipeline, planned, current));
  const { start: from, lost } = checkCommitted(pipeline, current, committed ?? plannedStart);
  // A quiet group recommits what it has, so that its offsets don't expire.
  const recommit = plan.quietSince !== null;
  const commitStart = committed === null || lost.length > 0 || recommit;
  return {
    entry: {
      name: partitionName(planned),
      planned,
      plannedStart,
      plannedEnd: BigInt(planned.end),
      from,
      countedFrom: from,
      startReplaces: commitStart ? { offset: offsetOf(current.committed) } : null,
      committed: commitStart ? null : from,
      books: EMPTY_BOOKS,
      lost: [],
      others: [],
    },
    lost,
  };
}

/** Where planning counted no commit because the epoch was raised, the same one doesn't count now. */
function countedCommit(
  pipeline: PipelineSettings,
  planned: PlannedPartition,
  current: PartitionState,
): CommittedOffset | null {
  const breakAccepted = planned.committed === null && pipeline.epoch > 1;
  return breakAccepted ? committedAfterBreak(pipeline, current) : committedInEpoch(pipeline, current);
}

function offsetOf(committed: CommittedOffset | null): bigint | null {
  return committed?.offset ?? null;
}

/** The part of a lost range that the plan doesn't report already. */
function sincePlanning(lost: OffsetRange, plannedStart: bigint): OffsetRange | null {
  if (BigInt(lost.to) <= plannedStart) return null;
  return BigInt(lost.from) < plannedStart ? { ...lost, from: String(plannedStart) } : lost;
}

function rangesOf(lost: readonly LostRange[], name: PartitionName): OffsetRange[] {
  return lost.flatMap((range) => (partitionName(range) === name ? [{ from: range.from, to: range.to }] : []));
}

function ledgerOf(
  entries: ReadonlyMap<PartitionName, Entry>,
  pipeline: PipelineSettings,
  marks: MarksIn,
): Omit<Ledger, 'resumed' | 'attempt' | 'lost'> {
  const all = [...entries.values()];
  // With `until: idle` the plan's ends are no bounds: every partition stays open until the stop rule fires.
  const isFinished = (entry: Entry) => pipeline.until === 'end-offsets' && reachedEnd(entry);
  const unfinished = () => all.filter((entry) => !isFinished(entry));
  return {
    starts: (markOf) => unfinished().map((entry) => startOf(entry, markOf)),
    prepare: (partition, books) => {
      const entry = entries.get(partition);
      if (entry === undefined) throw new DrainError('UNEXPECTED', `${partition} was not planned`);
      return contentOf({ ...entry, books: addBooks(entry.books, books) });
    },
    committed: (partition, offset, metadata) => {
      const entry = entries.get(partition);
      if (entry === undefined) return;
      const { own, others } = marks(metadata);
      entry.others = others;
      if (own !== null) adopt(entry, own);
      else if (offset < (entry.committed ?? entry.from)) beginAgain(entry, offset);
      entry.committed = offset;
    },
    observe: (partition, offset, metadata) => {
      const entry = entries.get(partition);
      if (entry === undefined || (entry.committed !== null && offset <= entry.committed)) return;
      entry.committed = offset;
      const { own } = marks(metadata);
      if (own !== null) adopt(entry, own);
    },
    isDone: (partition) => {
      const entry = entries.get(partition);
      return entry === undefined || isFinished(entry);
    },
    unfinished: () => unfinished().map(({ name }) => name),
    books: (partition) => entries.get(partition)?.books ?? EMPTY_BOOKS,
    totals: () => sumBooks(all.map(({ books }) => books)),
    committedOffsets: () =>
      all.map(({ name, committed }) => ({
        partition: name,
        offset: committed === null ? null : String(committed),
      })),
    lag: () => all.reduce((sum, entry) => sum + lagOf(entry), 0),
    results: ({ partitions }) => {
      const atStop = new Map(partitions.map((state) => [partitionName(state), state]));
      return all.map((entry) => resultOf(pipeline, entry, atStop.get(entry.name)));
    },
  };
}

/** A commit of an earlier run came late and set the group back: what follows is read anew, and counted from there. */
function beginAgain(entry: Entry, offset: bigint): void {
  entry.books = EMPTY_BOOKS;
  entry.countedFrom = offset;
}

function adopt(entry: Entry, { books, from }: RunMark): void {
  entry.books = books;
  entry.countedFrom = BigInt(from);
}

function contentOf({ books, countedFrom, lost, others }: Entry): MarkContent {
  return { books, from: String(countedFrom), lost, others };
}

function reachedEnd({ committed, plannedEnd }: Entry): boolean {
  return committed !== null && committed >= plannedEnd;
}

function lagOf({ committed, from, plannedEnd }: Entry): number {
  return Math.max(0, Number(plannedEnd - (committed ?? from)));
}

function startOf(entry: Entry, markOf: (content: MarkContent) => string): PartitionStart {
  const { from, startReplaces } = entry;
  const { topic, partition } = entry.planned;
  return startReplaces === null
    ? { topic, partition, start: null }
    : {
        topic,
        partition,
        start: { offset: from, metadata: markOf(contentOf(entry)), replaces: startReplaces.offset },
      };
}

function resultOf(
  pipeline: PipelineSettings,
  entry: Entry,
  atStop: PartitionState | undefined,
): PartitionResult {
  // what doesn't count for this run must not count for the next one
  const counted = atStop === undefined ? null : countedCommit(pipeline, entry.planned, atStop);
  const committed = offsetOf(counted);
  const { topic, partition, added } = entry.planned;
  return {
    topic,
    partition,
    start: String(entry.countedFrom < entry.plannedStart ? entry.countedFrom : entry.plannedStart),
    end: String(entry.plannedEnd),
    committed: committed === null ? null : String(committed),
    read: entry.books.counts.read,
    ...(added === true && committed === null && { added }),
  };
}
