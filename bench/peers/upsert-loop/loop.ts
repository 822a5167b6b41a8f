/**
 * What a plain program does: a kafkajs consumer, a bulk write of unguarded upserts for each 1,000 records, a commit after each
 * batch. Ends when it has read to the ends that the task names.
 */
import { Kafka, logLevel, type EachBatchPayload, type Message } from 'kafkajs';
import { MongoClient, type AnyBulkWriteOperation, type Document } from 'mongodb';

interface LoopTask {
  readonly kafka: string;
  readonly mongodb: string;
  readonly topic: string;
  readonly ends: readonly number[];
  readonly group: string;
  readonly database: string;
  readonly collection: string;
}

interface Stored extends Document {
  _id: string;
}

const PER_WRITE = 1_000;

const task = JSON.parse(process.env['BENCH_TASK'] ?? '{}') as LoopTask;
const { topic } = task;
const mongo = new MongoClient(task.mongodb);
const collection = mongo
  .db(task.database)
  .collection<Stored>(task.collection, { writeConcern: { w: 'majority' } });
const consumer = new Kafka({ brokers: [task.kafka], logLevel: logLevel.ERROR }).consumer({
  groupId: task.group,
  allowAutoTopicCreation: false,
});
const open = new Set([...task.ends.keys()].filter((partition) => (task.ends[partition] ?? 0) > 0));

async function write(payload: EachBatchPayload): Promise<void> {
  const { batch } = payload;
  for (let from = 0; from < batch.messages.length; from += PER_WRITE) {
    const records = batch.messages.slice(from, from + PER_WRITE);
    // Ordered, since one id may be there twice.
    await collection.bulkWrite(records.map(toUpsert), { ordered: true });
    await payload.heartbeat();
  }
  const offset = BigInt(batch.lastOffset()) + 1n;
  await consumer.commitOffsets([{ topic, partition: batch.partition, offset: String(offset) }]);
  if (offset >= BigInt(task.ends[batch.partition] ?? 0)) open.delete(batch.partition);
}

function toUpsert({ key, value }: Pick<Message, 'key' | 'value'>): AnyBulkWriteOperation<Stored> {
  const replacement = JSON.parse(String(value)) as Document;
  return { replaceOne: { filter: { _id: String(key) }, replacement, upsert: true } };
}

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await new Promise<void>((resolve, reject) => {
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) reject(payload.error);
  });
  consumer
    .run({
      autoCommit: false,
      partitionsConsumedConcurrently: task.ends.length,
      eachBatch: async (payload) => {
        await write(payload);
        if (open.size === 0) resolve();
      },
    })
    .catch(reject);
});
await consumer.disconnect();
await mongo.close();
