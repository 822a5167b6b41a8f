import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { orderVersions, type Order } from './orders.js';
import { SAMPLE_ORDERS } from './sample.js';
import { createProducer, TOPIC } from './topic.js';

const INTERVAL_MS = 5_000;
const DELETED_EVERY = 20;

/** New orders that come in while the demo runs; every round places one and moves the earlier ones on. */
export interface Trickle {
  /** Produces `rounds` rounds at once; resolves with the number of records. */
  now: (rounds: number) => Promise<number>;
  /** A round every few seconds until the signal; a broker that is away is waited for. */
  run: (signal: AbortSignal) => Promise<void>;
  close: () => Promise<void>;
}

/** Connects; `topicSize` (records in the topic so far) keeps the new order numbers apart from those of earlier starts. */
export async function createTrickle(kafka: Kafka, topicSize: number): Promise<Trickle> {
  const producer = createProducer(kafka);
  await producer.connect();
  const nextRound = createRounds(SAMPLE_ORDERS + topicSize);
  const produceRound = async (): Promise<number> => {
    const messages = nextRound(new Date());
    await producer.send({ topic: TOPIC, acks: -1, messages });
    return messages.length;
  };
  return {
    now: async (rounds) => {
      let produced = 0;
      for (let round = 0; round < rounds; round += 1) produced += await produceRound();
      return produced;
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await produceRound().catch(() => undefined);
        await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      }
    },
    close: () => producer.disconnect(),
  };
}

interface KeyedRecord {
  readonly key: string;
  readonly value: string | null;
}

/** Each call gives the records of one round: a new order, the next version of each order under way, now and then a tombstone. */
export function createRounds(firstOrder: number): (now: Date) => KeyedRecord[] {
  let next = firstOrder;
  let underWay: Order[][] = [];
  return (now) => {
    underWay.push(orderVersions(next, now));
    next += 1;
    const records: KeyedRecord[] = underWay.flatMap(([version]) =>
      version
        ? [{ key: version.orderId, value: JSON.stringify({ ...version, updatedAt: now.toISOString() }) }]
        : [],
    );
    const done = underWay.find((versions) => versions.length === 1)?.[0];
    if (done && next % DELETED_EVERY === 0) records.push({ key: done.orderId, value: null });
    underWay = underWay.map((versions) => versions.slice(1)).filter((versions) => versions.length > 0);
    return records;
  };
}
