/**
 * What crosses Temporal: names, inputs, results and progress. Pure types and constants, imported by workflows, activities,
 * command line and tests. Records, URIs and secrets never appear here, since all of it ends up in workflow history.
 *
 * Offsets are decimal strings (they exceed 2^53), always the *next offset to read*; counts are JSON numbers; durations
 * carry their unit in the name.
 */

export const WORKFLOW_TYPE = 'runDrain';
export const DEFAULT_TASK_QUEUE = 'kafka-drain';
/** Name of the workflow Update that stops a run politely and returns its result. */
export const STOP_UPDATE = 'stop';

/** The id of the schedule, and the stem of the ids of its workflows (Temporal appends the nominal time). */
export function scheduleIdOf(pipeline: string): string {
  return `drain-${pipeline}`;
}

export function workflowIdOf(pipeline: string): string {
  return `drain/${pipeline}`;
}

/** The task queue of the drains that belong to the workflows of the given one. */
export function drainQueueOf(taskQueue: string): string {
  return `${taskQueue}-drain`;
}

/**
 * The id of a drain activity, so that the Web UI's list of pending activities names the pipeline.
 * @param member from 1; `null`: the run has only one.
 */
export function activityIdOf(pipeline: string, member: number | null): string {
  return member === null ? `drain-${pipeline}` : `drain-${pipeline}-${String(member)}`;
}

/** Custom columns for the list of runs; registered by `kafka-drain setup`, upserted only when the worker's configuration says so. */
export const SEARCH_ATTRIBUTES = {
  pipeline: { name: 'DrainPipeline', type: 'KEYWORD' },
  stopReason: { name: 'DrainStopReason', type: 'KEYWORD' },
  continuity: { name: 'DrainContinuity', type: 'KEYWORD' },
  read: { name: 'DrainRead', type: 'INT' },
  deadLettered: { name: 'DrainDeadLettered', type: 'INT' },
  lagAfter: { name: 'DrainLagAfter', type: 'INT' },
} as const;

/** Why a run ended. A run that fails has no stop reason but a typed failure. */
export type StopReason =
  'drained' | 'idle' | 'budget' | 'max-records' | 'stopped' | 'shutdown' | 'nothing-to-do';

/** Time and size limits of a run. They are in the workflow's input because workflow code needs them deterministically. */
export interface RunLimits {
  /** Time after which a run stops itself: batch in hand finished, committed, stopped. */
  budgetMs: number;
  /** The hard kill: an attempt older than this is dead. */
  startToCloseMs: number;
  /** All attempts of the drain together. */
  scheduleToCloseMs: number;
  heartbeatTimeoutMs: number;
  /** How long nothing may arrive: with `until: idle` the end of the run, otherwise a stall. */
  idleTimeoutMs: number;
  /** How long the drain thread may give no sign of life before it is terminated. */
  stallTimeoutMs: number;
  /** `null`: no limit. */
  maxRecords: number | null;
}

/** The schedule's action argument. Everything else comes from the worker's configuration. */
export interface RunInput {
  pipeline: string;
  limits: RunLimits;
}

/** How this run's start relates to what the previous successful run of the schedule left behind. */
export type Continuity = 'first' | 'continuous' | 'replay' | 'gap' | 'resumed' | 'unknown';

export interface PlannedPartition {
  topic: string;
  partition: number;
  /** Where reading starts; once something is committed, every attempt starts at what is committed by then. */
  start: string;
  /** Exclusive; the last stable offset at planning time. */
  end: string;
  /** What the group had committed at planning time; `null`: nothing. */
  committed: string | null;
  /** Only of one that came since earlier runs and has no commit: it begins at its low watermark under every start policy. */
  added?: true;
}

/** Records that were gone before they were read, and were skipped on the operator's word (`onDataLoss: skip`). */
export interface LostRange {
  topic: string;
  partition: number;
  from: string;
  /** Exclusive. */
  to: string;
}

/** What a run that succeeds may tell its operator; docs/errors.md says what each means. */
export const WARNING_CODES = [
  'COMMITTED_ELSEWHERE',
  'OFFSETS_EXPIRED',
  'PARTITIONS_ADDED',
  'PREVIOUS_RUN_INCOMPARABLE',
  'TOPIC_ADDED',
  'TOPIC_GONE',
] as const;

export interface Warning {
  code: (typeof WARNING_CODES)[number];
  message: string;
}

export interface PlannedTopic {
  topic: string;
  /** Kafka's id of this incarnation of the topic; `null` before Kafka 2.8. */
  topicId: string | null;
  /** Only of one that matches the pipeline's pattern and isn't there any more: it is remembered in case it is recreated. */
  gone?: true;
}

/** Recorded in history before anything is read; every attempt on any worker drains to the same ends. */
export interface Plan {
  pipeline: string;
  clusterId: string;
  /** The topics in words: `orders`, `orders, customers` or a pattern. */
  topic: string;
  topics: PlannedTopic[];
  group: string;
  /** `database.collection`; with `${topic}` in it where each topic has its own. */
  collection: string;
  epoch: number;
  /** Of the pipeline's settings that decide what is read and written; no secrets in it. */
  fingerprint: string;
  /** ISO 8601; the base of tombstones' `purgeAt`. */
  plannedAt: string;
  nothingToDo: boolean;
  /** Whether this run upserts `SEARCH_ATTRIBUTES`; here because workflow code needs it deterministically. */
  searchAttributes: boolean;
  /** Whether a run that left planned records triggers the next one at once. */
  catchUp: boolean;
  /** Since when (ISO 8601) runs in a row had nothing to do; `null`: this one has. Decides the daily recommit. */
  quietSince: string | null;
  lagBefore: number;
  continuity: Continuity;
  warnings: Warning[];
  lost: LostRange[];
  /** How many drains share the partitions (`workflows/shares.ts`); left out: one has them all. */
  members?: number;
  partitions: PlannedPartition[];
}

/** As history has it: above `MAX_LISTED_PARTITIONS` of a run, `partitions` is a line of text for each topic, to stay small (`packed.ts`). */
export type Packed<T extends Plan | DrainOutcome> = Omit<T, 'partitions'> & {
  partitions: T['partitions'] | string[];
};

/** The part of the previous successful run's result that planning compares with. */
export type PreviousRun = Pick<
  RunResult,
  'clusterId' | 'topic' | 'topics' | 'group' | 'epoch' | 'quietSince' | 'partitions' | 'unlisted'
>;

export interface PlanInput {
  pipeline: string;
  previous: PreviousRun | null;
}

export interface CatchUpInput {
  scheduleId: string;
}

export interface DrainInput {
  pipeline: string;
  /** The run's, or one member's share of it. */
  plan: Packed<Plan>;
  limits: RunLimits;
}

/** Every record read ends in exactly one of the seven outcomes: `read` is their sum. */
export interface RecordCounts {
  read: number;
  inserted: number;
  updated: number;
  deleted: number;
  /** The same or a newer version was already stored. */
  unchanged: number;
  /** A newer record of the same document id in the same batch was written instead. */
  coalesced: number;
  /** The pipeline's own rule said so. */
  skipped: number;
  deadLettered: number;
}

export interface PartitionResult {
  topic: string;
  partition: number;
  start: string;
  end: string;
  /** What the group had committed when the run stopped; `null`: nothing. */
  committed: string | null;
  read: number;
  /** Only where nothing is committed: the next run takes it for new, too. */
  added?: true;
}

/** What the `drainTopic` activity returns; the workflow adds the plan's part. */
export interface DrainOutcome {
  stopReason: StopReason;
  attempt: number;
  /** Whether this attempt continued books that an earlier attempt of the same run began. */
  resumed: boolean;
  lagAfter: number;
  records: RecordCounts;
  /** Bytes of keys and values read. */
  bytes: number;
  warnings: Warning[];
  lost: LostRange[];
  /** Only of one of several members: records of the partitions that aren't its own, as it saw them last. */
  lagOfOthers?: number;
  topics: TopicOutcome[];
  partitions: PartitionResult[];
}

/** How one of a run's several members ended. */
export type MemberResult = MemberShare &
  ({ stopReason: StopReason; attempt: number } | { code: string; message: string });

interface MemberShare {
  /** From 1. */
  member: number;
  /** How many are its own. */
  partitions: number;
  read: number;
}

/** What a drain did in one topic. */
export interface TopicOutcome {
  topic: string;
  read: number;
  lagAfter: number;
}

/** What a run did in one topic. */
export interface TopicResult extends PlannedTopic, TopicOutcome {
  partitions: number;
  lagBefore: number;
}

/** The contract for people and tools: the workflow's result. The order of the fields matters, the Web UI shows the first 15 lines. */
export interface RunResult {
  pipeline: string;
  topic: string;
  group: string;
  collection: string;
  stopReason: StopReason;
  startedAt: string;
  durationMs: number;
  attempt: number;
  resumed: boolean;
  lagBefore: number;
  lagAfter: number;
  records: RecordCounts;
  bytes: number;
  continuity: Continuity;
  warnings: Warning[];
  lost: LostRange[];
  clusterId: string;
  topics: TopicResult[];
  epoch: number;
  quietSince: string | null;
  /** Left out where one drain had all partitions. */
  members?: MemberResult[];
  /** What is committed in the partitions that aren't listed, for the next run to compare with: see `encodeUnlisted` in `unlisted.ts`. */
  unlisted: string;
  /** All partitions up to `MAX_LISTED_PARTITIONS`; where there are more, those that brought most. */
  partitions: PartitionResult[];
}

/** Results and histories stay small: where there are more partitions than this, only `MAX_LISTED_OF_MANY` are listed. */
export const MAX_LISTED_PARTITIONS = 100;
export const MAX_LISTED_OF_MANY = 20;

export type { DrainPhase, DrainProgress, Suspect } from './heartbeat.js';

export const NO_RECORDS: Readonly<RecordCounts> = {
  read: 0,
  inserted: 0,
  updated: 0,
  deleted: 0,
  unchanged: 0,
  coalesced: 0,
  skipped: 0,
  deadLettered: 0,
};
