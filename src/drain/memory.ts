import type { PipelineSettings } from '../config/settings.js';
import { topicMatcher } from '../config/topic-pattern.js';
import type { PartitionResult, PlannedTopic, PreviousRun } from '../contract.js';
import { DrainError } from '../errors.js';
import { partitionName, type LogState, type PartitionName } from '../kafka/source.js';
import { decodeUnlisted } from '../unlisted.js';
import { acceptBreak } from './offset-checks.js';

export interface MemoryInput {
  pipeline: PipelineSettings;
  state: LogState;
  previous: PreviousRun | null;
}

/** What the previous successful run left, if it was about the same logs. */
export interface Memory {
  partitions: ReadonlyMap<PartitionName, Remembered>;
  topics: ReadonlySet<string>;
  /** Topics that still match the pattern but aren't there any more, at most `MAX_GONE`. */
  gone: PlannedTopic[];
  /** The names of those that were there at the previous run. */
  newlyGone: string[];
}

export interface Remembered {
  /** `null`: that run ended before it had committed anything. */
  committed: bigint | null;
  /** How far the log reached at least. */
  end: bigint;
  /** It was new to that run, which committed nothing there: it still is. */
  added: boolean;
}

type KnownPartition = Pick<PartitionResult, 'committed' | 'end' | 'added'>;

/** A hundred bytes each in every result. A topic that is recreated mostly comes back soon, so the last to go are kept. */
const MAX_GONE = 30;

/** Error: `TOPIC_RECREATED`. */
export function rememberPrevious(input: MemoryInput): Memory | null {
  const { pipeline, state, previous } = input;
  if (previous === null || differences(input, previous).length > 0) return null;
  refuseRecreated(pipeline, state, previous);
  const there = new Set(state.topics.map(({ topic }) => topic));
  const missing = previous.topics.filter(({ topic }) => !there.has(topic) && matches(pipeline, topic));
  return {
    partitions: partitionsOf(previous),
    topics: new Set(previous.topics.map(({ topic }) => topic)),
    // Those that went last are first: a plan names the topics that are there before those that are gone.
    gone: missing.slice(0, MAX_GONE).map(({ topic, topicId }) => ({ topic, topicId, gone: true })),
    newlyGone: missing.flatMap(({ topic, gone }) => (gone === true ? [] : [topic])),
  };
}

function partitionsOf(previous: PreviousRun): Map<PartitionName, Remembered> {
  // Of those that aren't listed only what is committed is known.
  const unlisted = decodeUnlisted(previous.unlisted).map((known) => ({
    ...known,
    end: known.committed ?? '0',
  }));
  return new Map(
    [...previous.partitions, ...unlisted].map((known) => [partitionName(known), remember(known)] as const),
  );
}

/** What makes the previous run one about something else, in words. */
export function differences({ pipeline, state }: MemoryInput, previous: PreviousRun): string[] {
  const compared: [name: string, then: string | number, now: string | number][] = [
    ['cluster', previous.clusterId, state.clusterId],
    ['group', previous.group, pipeline.group],
    ['epoch', previous.epoch, pipeline.epoch],
  ];
  const others = previous.topics.every(({ topic }) => state.topics.every((now) => now.topic !== topic));
  if (others) compared.unshift(['topic', previous.topic, pipeline.topic]);
  return compared
    .filter(([, then, now]) => then !== now)
    .map(([name, then, now]) => `${name} ${then} (now ${now})`);
}

function remember({ committed, end, added }: KnownPartition): Remembered {
  const plannedEnd = BigInt(end);
  if (committed === null) return { committed: null, end: plannedEnd, added: added === true };
  const offset = BigInt(committed);
  return { committed: offset, end: offset < plannedEnd ? plannedEnd : offset, added: false };
}

/** Names that a configuration no longer lists are forgotten; what a pattern would still match isn't. */
function matches({ topics }: PipelineSettings, topic: string): boolean {
  return 'pattern' in topics && topicMatcher(topics.pattern)(topic);
}

function refuseRecreated(pipeline: PipelineSettings, { topics }: LogState, previous: PreviousRun): void {
  const then = new Map(previous.topics.map(({ topic, topicId }) => [topic, topicId]));
  for (const { topic, topicId } of topics) {
    const before = then.get(topic) ?? null;
    if (before === null || topicId === null || before === topicId) continue;
    throw new DrainError(
      'TOPIC_RECREATED',
      `topic "${topic}" was deleted and recreated since the previous run (topic id ${before} then, ` +
        `${topicId} now): its offsets begin anew. If that was meant, ${acceptBreak(pipeline)}`,
    );
  }
}
