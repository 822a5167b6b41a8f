import type { PipelineSettings } from '../config/settings.js';
import { decodeUnlisted, type PreviousRun } from '../contract.js';
import { DrainError } from '../errors.js';
import type { TopicState } from '../kafka/source.js';
import { acceptBreak } from './offset-checks.js';

export interface MemoryInput {
  pipeline: PipelineSettings;
  state: TopicState;
  previous: PreviousRun | null;
}

/** What the previous successful run left, by partition, if it was about the same log. */
export type Memory = ReadonlyMap<number, Remembered> | null;

export interface Remembered {
  /** `null`: that run ended before it had committed anything. */
  committed: bigint | null;
  /** How far the log reached at least. */
  end: bigint;
}

/** Error: `TOPIC_RECREATED`. */
export function rememberPrevious(input: MemoryInput): Memory {
  const { pipeline, state, previous } = input;
  if (previous === null || differences(input, previous).length > 0) return null;
  refuseOtherTopicId(pipeline, state, previous);
  const memory = new Map(
    previous.partitions.map(({ partition, committed, end }) => [
      partition,
      remember(committed === null ? null : BigInt(committed), BigInt(end)),
    ]),
  );
  for (const { partition, committed } of decodeUnlisted(previous.unlisted)) {
    memory.set(partition, remember(BigInt(committed), BigInt(committed)));
  }
  return memory;
}

/** What makes the previous run one about something else, in words. */
export function differences({ pipeline, state }: MemoryInput, previous: PreviousRun): string[] {
  const compared: [name: string, then: string | number, now: string | number][] = [
    ['cluster', previous.clusterId, state.clusterId],
    ['topic', previous.topic, state.topic],
    ['group', previous.group, pipeline.group],
    ['epoch', previous.epoch, pipeline.epoch],
  ];
  return compared
    .filter(([, then, now]) => then !== now)
    .map(([name, then, now]) => `${name} ${then} (now ${now})`);
}

function remember(committed: bigint | null, plannedEnd: bigint): Remembered {
  return { committed, end: committed === null || committed < plannedEnd ? plannedEnd : committed };
}

function refuseOtherTopicId(pipeline: PipelineSettings, state: TopicState, previous: PreviousRun): void {
  if (previous.topicId === null || state.topicId === null || previous.topicId === state.topicId) return;
  throw new DrainError(
    'TOPIC_RECREATED',
    `topic "${state.topic}" was deleted and recreated since the previous run (topic id ${previous.topicId} then, ` +
      `${state.topicId} now): its offsets begin anew. If that was meant, ${acceptBreak(pipeline)}`,
  );
}
