import type { Kafka } from 'kafkajs';
import { patchedKafkaJs } from '../src/kafka/patched-kafkajs.js';

/** A client of the local broker that reports failures instead of logging them, and gives up soon. */
export function localKafka(address: string, retries = 3): Kafka {
  const { Kafka, logLevel } = patchedKafkaJs();
  return new Kafka({
    clientId: 'kafka-drain-stack',
    brokers: [address],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    retry: { retries, initialRetryTime: 200 },
  });
}
