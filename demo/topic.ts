import type { Kafka, Producer } from 'kafkajs';
import { patchedKafkaJs } from '../src/kafka/patched-kafkajs.js';
import { createTopic } from '../stack/topics.js';
import { sampleRecords, type SampleRecord } from './sample.js';

/** The sample topic. */
export const TOPIC = 'orders';
const PARTITIONS = 6;
const BATCH = 1_000;

/** What {@link fillTopic} found and did. */
export interface Filled {
  /** Records produced now; 0 when the topic was complete. */
  readonly produced: number;
  /** Records in the topic afterwards. */
  readonly total: number;
}

/** Creates the sample topic unless it is there. Sample orders are older than the usual retention, so it keeps everything. */
export async function createSampleTopic(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const configEntries = [{ name: 'retention.ms', value: '-1' }];
    await createTopic(admin, { topic: TOPIC, numPartitions: PARTITIONS, configEntries });
  } finally {
    await admin.disconnect();
  }
}

/**
 * Produces the sample records that the topic lacks. The sample is the same every time, so the end offsets tell how far an earlier
 * start came, even one that was killed in the middle.
 */
export async function fillTopic(kafka: Kafka, report: (done: number, all: number) => void): Promise<Filled> {
  const ends = await endOffsets(kafka);
  const missing = missingRecords(ends);
  const before = ends.reduce((sum, end) => sum + end, 0);
  const producer = createProducer(kafka);
  await producer.connect();
  try {
    for (let done = 0; done < missing.length; done += BATCH) {
      await producer.send({ topic: TOPIC, acks: -1, messages: missing.slice(done, done + BATCH) });
      report(Math.min(done + BATCH, missing.length), missing.length);
    }
  } finally {
    await producer.disconnect();
  }
  return { produced: missing.length, total: before + missing.length };
}

/** A producer that places keys as Kafka's own clients do, so that an order stays in its partition whoever writes it. */
export function createProducer(kafka: Kafka): Producer {
  const { DefaultPartitioner } = patchedKafkaJs().Partitioners;
  return kafka.producer({ allowAutoTopicCreation: false, createPartitioner: DefaultPartitioner });
}

interface PlacedRecord extends SampleRecord {
  readonly partition: number;
}

function missingRecords(ends: readonly number[]): PlacedRecord[] {
  const place = createPlacement();
  const counts = ends.map(() => 0);
  return sampleRecords().flatMap((record, index) => {
    const partition = place(record, index);
    const position = counts[partition] ?? 0;
    counts[partition] = position + 1;
    return position < (ends[partition] ?? 0) ? [] : [{ ...record, partition }];
  });
}

function createPlacement(): (record: SampleRecord, index: number) => number {
  const partitioner = patchedKafkaJs().Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  return (message, index) =>
    message.key === null
      ? index % PARTITIONS
      : partitioner({ topic: TOPIC, partitionMetadata, message: { key: message.key, value: message.value } });
}

/** Where each partition ends, by partition. */
export async function endOffsets(kafka: Kafka): Promise<number[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(TOPIC);
    return offsets.sort((one, other) => one.partition - other.partition).map(({ high }) => Number(high));
  } finally {
    await admin.disconnect();
  }
}
