import { randomUUID } from 'node:crypto';
import type { Admin, Kafka, Producer, ProducerConfig } from 'kafkajs';
import type { KafkaSettings } from '../../src/config/settings.js';
import { createSource, type KafkaJsSource, type SourceOptions } from '../../src/kafka/kafkajs-source.js';
import { patchedKafkaJs } from '../../src/kafka/patched-kafkajs.js';
import type { Source } from '../../src/kafka/source.js';
import type { SourceUnderTest } from '../contract/source-contract.js';
import { stackFromEnvironment } from '../support/stack.js';
import { createTopic } from '../../stack/topics.js';

/** A topic on the real broker, with clients that look past the source. */
export interface Broker extends SourceUnderTest {
  group: string;
  settings: KafkaSettings;
  kafka: Kafka;
  admin: Admin;
  producer: Producer;
  /** Another connected producer; disconnected with the world. */
  producerWith: (config: ProducerConfig) => Promise<Producer>;
  /** A member with options of its own. */
  memberWith: (options: Partial<SourceOptions>) => KafkaJsSource;
  member: () => KafkaJsSource;
}

export function kafkaSettings(brokers: string[], overrides: Partial<KafkaSettings> = {}): KafkaSettings {
  return { brokers, clientId: 'kafka-drain-test', ssl: null, sasl: null, ...overrides };
}

/** Creates a topic (and a name for a group) of its own; it is deleted when the world is disposed of. */
export async function openBroker(
  partitions: number,
  topicConfig: Record<string, string> = {},
): Promise<Broker> {
  const address = stackFromEnvironment().kafka;
  const settings = kafkaSettings([address]);
  const { Kafka, Partitioners, logLevel } = patchedKafkaJs();
  const kafka = new Kafka({ brokers: [address], clientId: 'looks-past', logLevel: logLevel.NOTHING });
  const topic = `source-${randomUUID().slice(0, 8)}`;
  const admin = kafka.admin();
  const producers: Producer[] = [];
  const producerWith = async (config: ProducerConfig): Promise<Producer> => {
    const createPartitioner = Partitioners.DefaultPartitioner;
    const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner, ...config });
    await producer.connect();
    producers.push(producer);
    return producer;
  };
  await admin.connect();
  const producer = await producerWith({});
  const configEntries = Object.entries(topicConfig).map(([name, value]) => ({ name, value }));
  await createTopic(admin, { topic, numPartitions: partitions, configEntries });
  const sources: Source[] = [];
  const group = `group-${topic}`;
  const memberWith = (options: Partial<SourceOptions>): KafkaJsSource => {
    const source = createSource({ kafka: settings, topics: { names: [topic] }, group, ...options });
    sources.push(source);
    return source;
  };
  return {
    ...{ topic, group, settings, kafka, admin, producer, producerWith, memberWith },
    member: () => memberWith({}),
    append: async (partition, values) => {
      const messages = values.map((value, index) => ({ key: `k${index}`, value, partition }));
      await producer.send({ topic, messages });
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sources.map((source) => source.close()));
      await admin.deleteTopics({ topics: [topic] });
      await Promise.all([...producers, admin].map((client) => client.disconnect()));
    },
  };
}
