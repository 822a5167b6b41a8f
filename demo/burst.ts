import { localKafka } from '../stack/kafka-client.js';
import { orderId, orderVersions } from './orders.js';
import { SAMPLE_ORDERS } from './sample.js';
import { createProducer, endOffsets, TOPIC } from './topic.js';

const BATCH = 5_000;

/**
 * Adds so many records of new orders to the running demo's topic, for people who want to see a longer run, or break one.
 * @returns how many were added: all versions of the last order are
 */
export async function addOrders(broker: string, records: number): Promise<number> {
  const kafka = localKafka(broker);
  const size = (await endOffsets(kafka)).reduce((sum, end) => sum + end, 0);
  const producer = createProducer(kafka);
  await producer.connect();
  try {
    let added = 0;
    for (let next = SAMPLE_ORDERS + size; added < records;) {
      const messages: { key: string; value: string }[] = [];
      while (messages.length < BATCH && added + messages.length < records) {
        const key = orderId(next);
        messages.push(
          ...orderVersions(next, new Date()).map((order) => ({ key, value: JSON.stringify(order) })),
        );
        next += 1;
      }
      await producer.send({ topic: TOPIC, acks: -1, messages });
      added += messages.length;
    }
    return added;
  } finally {
    await producer.disconnect();
  }
}
