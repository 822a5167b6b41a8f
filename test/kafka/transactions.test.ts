import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Producer, Transaction } from 'kafkajs';
import { numbers } from '../contract/source-contract.js';
import { openBroker, type Broker } from './broker.js';
import { fromStart, startConsuming, untilTrue, type Consuming } from './consuming.js';

const transactionalProducer = ({ producerWith }: Broker): Promise<Producer> =>
  producerWith({
    transactionalId: `transactions-${randomUUID()}`,
    idempotent: true,
    maxInFlightRequests: 1,
  });

interface Sent {
  key?: string | Buffer;
  value: string;
}

const send = (transaction: Transaction, { topic }: Broker, ...records: Sent[]): Promise<unknown> =>
  transaction.send({ topic, messages: records.map((record) => ({ key: 'k', ...record, partition: 0 })) });

/** Markers are written after the producer is answered. */
async function untilEnd(broker: Broker, end: bigint): Promise<void> {
  const source = broker.member();
  await untilTrue(`end ${String(end)}`, async () => (await source.inspect()).partitions[0]?.end === end);
}

async function drainTo(broker: Broker, end: bigint): Promise<Consuming> {
  const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), {
    ends: new Map([[0, end]]),
  });
  await consuming.drained();
  assert.equal((await broker.member().committed()).get(`${broker.topic}-0`)?.offset, end);
  return consuming;
}

test('a commit marker at the tail is passed, and the commit reaches the end', async () => {
  await using broker = await openBroker(1);
  const producer = await transactionalProducer(broker);
  const transaction = await producer.transaction();
  await send(transaction, broker, { value: 'a' }, { value: 'b' });
  await transaction.commit();
  await untilEnd(broker, 3n);
  const consuming = await drainTo(broker, 3n);
  assert.deepEqual(consuming.values(0), ['a', 'b']);
});

test('an aborted transaction at the tail is hidden, and comes as a batch without records', async () => {
  await using broker = await openBroker(1);
  await broker.append(0, ['kept']);
  const producer = await transactionalProducer(broker);
  const transaction = await producer.transaction();
  await send(transaction, broker, { value: 'aborted' });
  await transaction.abort();
  await untilEnd(broker, 3n);
  const consuming = await drainTo(broker, 3n);
  assert.deepEqual(consuming.values(0), ['kept']);
});

test('a stretch of nothing but aborted records is handed out without records, and committed', async () => {
  await using broker = await openBroker(1);
  const producer = await transactionalProducer(broker);
  const transaction = await producer.transaction();
  await send(transaction, broker, { value: 'aborted' });
  await transaction.abort();
  await untilEnd(broker, 2n);
  const consuming = await drainTo(broker, 2n);
  assert.deepEqual(consuming.batches, [{ partition: 0, records: [], nextOffset: 2n }]);
});

test('the end is the last stable offset while a transaction is open, and nothing of it is handed out', async () => {
  await using broker = await openBroker(1);
  await broker.append(0, numbers(3));
  const producer = await transactionalProducer(broker);
  const transaction = await producer.transaction();
  await send(transaction, broker, { value: 'open' });
  await broker.append(0, ['behind']);
  await untilEnd(broker, 3n);
  const consuming = await drainTo(broker, 3n);
  assert.deepEqual(consuming.values(0), numbers(3));
  await transaction.abort();
});

test('aborted records stay hidden where reading begins inside several aborted transactions', async () => {
  await using broker = await openBroker(1);
  const [first, second] = [await transactionalProducer(broker), await transactionalProducer(broker)];
  const [a, b] = [await first.transaction(), await second.transaction()];
  // The abort marker of a transaction is no record with this key.
  const markerLike = Buffer.from([0, 0, 0, 0]);
  await send(a, broker, { value: 'a0' });
  await send(b, broker, { value: 'b1' });
  await send(b, broker, { value: 'b2' });
  await send(a, broker, { key: markerLike, value: 'a3' });
  await send(a, broker, { value: 'a4' });
  await a.abort();
  await b.abort();
  await broker.append(0, ['kept']);
  await untilEnd(broker, 8n);
  for (const offset of [0n, 1n, 2n, 3n, 4n]) {
    const start = [
      {
        topic: broker.topic,
        partition: 0,
        start: { offset, metadata: '', replaces: await committedOf(broker) },
      },
    ];
    const consuming = startConsuming(broker.member(), start, { ends: new Map([[0, 8n]]) });
    await consuming.drained();
    assert.deepEqual(consuming.values(0), ['kept'], `from offset ${String(offset)}`);
  }
});

async function committedOf(broker: Broker): Promise<bigint | null> {
  return (await broker.member().committed()).get(`${broker.topic}-0`)?.offset ?? null;
}
