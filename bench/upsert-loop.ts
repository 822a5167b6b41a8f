import type { Kafka } from 'kafkajs';
import type { Collection } from 'mongodb';

/** What a plain program does: a kafkajs consumer, an unordered bulk write of unguarded upserts per batch, a commit after it. */
export async function drainByUpsertLoop(
  kafka: Kafka,
  topic: string,
  collection: Collection,
  records: number,
): Promise<number> {
  const startedMs = performance.now();
  const consumer = kafka.consumer({ groupId: `loop-${topic}-${String(Date.now())}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let read = 0;
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => {
      reject(payload.error);
    });
    const running = consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 3,
      eachBatch: async (payload) => {
        const { batch } = payload;
        for (let from = 0; from < batch.messages.length; from += 1_000) {
          const slice = batch.messages.slice(from, from + 1_000);
          await collection.bulkWrite(slice.map(toUpsert), { ordered: true });
          await payload.heartbeat();
        }
        await consumer.commitOffsets([
          { topic, partition: batch.partition, offset: String(BigInt(batch.lastOffset()) + 1n) },
        ]);
        read += batch.messages.length;
        if (read >= records) resolve();
      },
    });
    running.catch(reject);
  });
  const durationMs = performance.now() - startedMs;
  await consumer.disconnect();
  return durationMs;
}

function toUpsert({ key, value }: { key: Buffer | null; value: Buffer | null }) {
  const _id = key?.toString() ?? '';
  const document = JSON.parse(value?.toString() ?? '{}') as object;
  return { replaceOne: { filter: { _id: { $eq: _id } as never }, replacement: document, upsert: true } };
}
