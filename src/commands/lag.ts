/** `kafka-drain lag`: how far behind each pipeline is, by the brokers' own numbers. Joins no group. */
import type { PipelineSettings, Settings } from '../config/settings.js';
import { asDrainError } from '../errors.js';
import { createSource } from '../kafka/kafkajs-source.js';
import { partitionName, type PartitionState } from '../kafka/source.js';
import { pipelinesOf, printData, settingsOf, type Context, type ExitCode } from './context.js';
import { kafkaAnswer } from './kafka-answer.js';
import type { Style } from './style.js';
import { count, table } from './table.js';

export interface PartitionLag {
  topic: string;
  partition: number;
  /** Offsets are decimal strings, always the next to read. */
  low: string;
  /** `null`: the group has committed nothing here. */
  committed: string | null;
  end: string;
  /** Records, gaps included; with nothing committed all that are there, since the first run decides where it starts. */
  lag: number;
}

export interface PipelineLag {
  pipeline: string;
  /** In words, where there are several. */
  topic: string;
  group: string;
  /** `null` where Kafka couldn't be asked. */
  lag: number | null;
  topics: { topic: string; lag: number }[];
  partitions: PartitionLag[];
  error: LagError | null;
}

/** Why Kafka couldn't be asked. */
export interface LagError {
  code: string;
  message: string;
}

/** Prints the lag of all pipelines, or of one. Exit code 1 where a topic couldn't be asked. */
export async function lag(context: Context, name: string | undefined): Promise<ExitCode> {
  const settings = settingsOf(context);
  const lags: PipelineLag[] = [];
  for (const pipeline of pipelinesOf(settings, name)) lags.push(await lagOf(settings, pipeline));
  const answered = lags.filter(({ error }) => error === null);
  if (context.json || answered.length > 0) {
    printData(context, lags, () => answered.map((found) => lagText(found, context.style)).join('\n\n'));
  }
  for (const found of lags)
    if (found.error !== null) context.say(errorText(found, found.error, context.style));
  return answered.length === lags.length ? 0 : 1;
}

async function lagOf(settings: Settings, pipeline: PipelineSettings): Promise<PipelineLag> {
  const { name, topic, topics, group } = pipeline;
  const base = { pipeline: name, topic, group };
  const source = createSource({ kafka: settings.kafka, topics, group });
  try {
    const state = await kafkaAnswer(source.inspect(), settings, pipeline);
    const lags = state.partitions.map(partitionLag);
    return {
      ...base,
      lag: sumOf(lags),
      topics: state.topics.map(({ topic: one }) => ({
        topic: one,
        lag: sumOf(lags.filter((of) => of.topic === one)),
      })),
      partitions: lags,
      error: null,
    };
  } catch (error) {
    const { code, message } = asDrainError(error);
    return { ...base, lag: null, topics: [], partitions: [], error: { code, message } };
  } finally {
    await source.close();
  }
}

function sumOf(lags: readonly PartitionLag[]): number {
  return lags.reduce((sum, { lag: records }) => sum + records, 0);
}

/** Of one partition. Behind the low watermark, what expired doesn't count: it can't be read any more. */
export function partitionLag({ topic, partition, low, end, committed }: PartitionState): PartitionLag {
  const from = committed === null || committed.offset < low ? low : committed.offset;
  return {
    topic,
    partition,
    low: low.toString(),
    committed: committed === null ? null : committed.offset.toString(),
    end: end.toString(),
    lag: end > from ? Number(end - from) : 0,
  };
}

function headOf({ pipeline, topic, group }: PipelineLag, style: Style): string {
  return `${style.strong(pipeline)} (topic ${topic}, group ${group})`;
}

function errorText(found: PipelineLag, { code, message }: LagError, style: Style): string {
  return `${headOf(found, style)}: ${style.bad(code)}: ${message}`;
}

/** Above this many partitions only the topics are shown; `--json` has all. */
const MAX_PARTITION_ROWS = 100;

function lagText(found: PipelineLag, style: Style): string {
  const { lag: total, topics, partitions } = found;
  const head = `${headOf(found, style)}: lag ${count(total ?? 0)}`;
  const byTopic = table(
    ['topic', 'lag'],
    topics.map(({ topic, lag: records }) => [topic, records]),
  );
  const several = topics.length > 1;
  const rows = partitions.map((p) => {
    return [several ? partitionName(p) : p.partition, p.low, p.committed, p.end, p.lag];
  });
  const byPartition = table(['partition', 'low', 'committed', 'end', 'lag'], rows);
  const tables = several ? [byTopic] : [];
  if (partitions.length <= MAX_PARTITION_ROWS) tables.push(byPartition);
  return [head, tables.join('\n\n')].join('\n');
}
