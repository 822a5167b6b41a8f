import type { Kafka, KafkaMessage } from 'kafkajs';

/**
 * Reads a topic from its start to its present end, with a plain consumer of its own group. `take` gets each record once, those
 * of a partition in order.
 * @returns where each partition ends, by number
 */
export async function readToEnd(
  kafka: Kafka,
  topic: string,
  take: (partition: number, messages: readonly KafkaMessage[]) => void,
): Promise<number[]> {
  const ends = await endsOf(kafka, topic);
  const open = new Map(
    ends.filter(({ low, end }) => low < end).map(({ partition, end }) => [partition, end]),
  );
  if (open.size > 0) await readOpen(kafka, topic, open, take);
  return ends.map(({ end }) => end);
}

async function readOpen(
  kafka: Kafka,
  topic: string,
  open: Map<number, number>,
  take: (partition: number, messages: readonly KafkaMessage[]) => void,
): Promise<void> {
  const next = new Map<number, number>();
  // At the end it waits for the fetches from other brokers, which have nothing more to send.
  const consumer = kafka.consumer({
    groupId: `judge-${topic}-${Math.random().toString(36)}`,
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      const running = consumer.run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          const { partition, messages } = batch;
          // Nothing is committed: a consumer that starts again begins at the start.
          const known = next.get(partition) ?? 0;
          take(
            partition,
            messages.filter(({ offset }) => Number(offset) >= known),
          );
          const position = Number(batch.lastOffset()) + 1;
          next.set(partition, Math.max(known, position));
          if (position >= (open.get(partition) ?? 0)) open.delete(partition);
          if (open.size === 0) resolve();
          return Promise.resolve();
        },
      });
      running.catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}

async function endsOf(
  kafka: Kafka,
  topic: string,
): Promise<{ partition: number; low: number; end: number }[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets
      .map(({ partition, low, high }) => ({ partition, low: Number(low), end: Number(high) }))
      .sort((a, b) => a.partition - b.partition);
  } finally {
    await admin.disconnect();
  }
}
