/** The servers of a bench, what is known of them, and the topics in them. */
import kafkajs, { Kafka, logLevel, type Admin, type Message } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { registerCodecs } from '../src/kafka/codecs.js';
import { startStack, type Stack } from '../stack/stack.js';
import { createTopic } from '../stack/topics.js';
import { foldTopic, type Fold } from './fold.js';
import type { ServerPids } from './sampler.js';
import { recordsOf, topicOf, type Workload } from './workloads.js';

export interface BenchServers {
  readonly stack: Stack;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly mongo: MongoClient;
  readonly pids: ServerPids;
  readonly stop: () => Promise<void>;
}

const PER_SEND = 2_000;

/** MongoDB's own, half of the memory: with the 0.5 GB of the tests' servers it evicts while documents of 1 KB are inserted. */
export const MONGOD_CACHE = 'default';

/** `joinDelayMs`: how long the broker waits for more members when a group is new; 3,000 is Kafka's own default, 0 the local stack's. */
export async function startServers(folder: string, joinDelayMs: number): Promise<BenchServers> {
  // to read compressed topics back
  registerCodecs(kafkajs);
  const stack = await startStack({
    folder,
    kafka: { settings: { 'group.initial.rebalance.delay.ms': String(joinDelayMs) } },
    mongodb: {
      cache: MONGOD_CACHE,
      // Its writes of every five minutes would count as somebody's.
      args: ['--setParameter', 'disableLogicalSessionCacheRefresh=true'],
    },
  });
  const kafka = new Kafka({
    brokers: [stack.addresses.kafka],
    clientId: 'bench',
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  const mongo = new MongoClient(stack.addresses.mongodb);
  await admin.connect();
  const primary = await stack.mongodb.primary();
  return {
    stack,
    kafka,
    admin,
    mongo,
    pids: { mongod: primary.pid(), kafka: stack.kafka.pid(), temporal: stack.temporal.pid() },
    stop: async () => {
      await Promise.allSettled([admin.disconnect(), mongo.close()]);
      await stack.stop();
    },
  };
}

/** A topic with its records in it. */
export interface FilledTopic extends Fold {
  readonly name: string;
}

export interface TopicSize {
  readonly records: number;
  readonly partitions: number;
  /** Bytes of a value, if not the workload's own. */
  readonly bytes: number | undefined;
  /** `compression.type`, if any. */
  readonly compression: string | undefined;
}

/** Produces a workload's records, and reads them back for the judge. */
export async function fillTopic(
  { kafka, admin }: BenchServers,
  workload: Workload,
  { records, partitions, bytes, compression }: TopicSize,
): Promise<FilledTopic> {
  const name = topicOf(workload, records);
  await createTopic(admin, {
    topic: name,
    numPartitions: partitions,
    configEntries: [
      { name: 'max.message.bytes', value: String(16 * 1024 * 1024) },
      ...(compression === undefined ? [] : [{ name: 'compression.type', value: compression }]),
    ],
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const perSend = Math.max(1, Math.min(PER_SEND, Math.floor(4_000_000 / (bytes ?? workload.bytes))));
  let messages: Message[] = [];
  const send = async (): Promise<void> => {
    if (messages.length > 0) await producer.send({ topic: name, messages, acks: -1 });
    messages = [];
  };
  for (const record of recordsOf(workload, records, bytes)) {
    messages.push(record);
    if (messages.length >= perSend) await send();
  }
  await send();
  await producer.disconnect();
  return { name, ...(await foldTopic(kafka, name)) };
}

/** What the group has committed in each partition, by number; 0 where it has nothing. */
export async function committedBy(admin: Admin, groupId: string, topic: string): Promise<number[]> {
  const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const partitions = (offsets?.partitions ?? []).sort((a, b) => a.partition - b.partition);
  return partitions.map(({ offset }) => Math.max(0, Number(offset)));
}
