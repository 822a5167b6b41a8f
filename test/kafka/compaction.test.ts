import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { Producer } from 'kafkajs';
import { openBroker, type Broker } from './broker.js';
import { startConsuming, type Consuming } from './consuming.js';

const SEGMENT_MS = 100;

/** Rolls segments by time, since Kafka 4 allows none below 1 MiB, and compacts them as soon as they are closed. */
const COMPACTED = {
  'cleanup.policy': 'compact',
  'segment.ms': String(SEGMENT_MS),
  'min.cleanable.dirty.ratio': '0.001',
  'min.compaction.lag.ms': '0',
};

const idempotentProducer = ({ producerWith }: Broker): Promise<Producer> =>
  producerWith({ idempotent: true, maxInFlightRequests: 1 });

async function drainFromStart(broker: Broker, end: bigint): Promise<Consuming> {
  const replaces = (await broker.member().committed()).get(`${broker.topic}-0`)?.offset ?? null;
  const start = [{ topic: broker.topic, partition: 0, start: { offset: 0n, metadata: '', replaces } }];
  const consuming = startConsuming(broker.member(), start, { ends: new Map([[0, end]]) });
  await consuming.drained();
  return consuming;
}

/** Reads the topic again and again until no more than the given number of records is left. */
async function onceCompacted(broker: Broker, end: bigint, left: number): Promise<Consuming> {
  for (;;) {
    const consuming = await drainFromStart(broker, end);
    if (consuming.values(0).length <= left) return consuming;
  }
}

/** Two of them don't fit into one segment, so the cleaner can't put what it leaves of them into one. */
const SEGMENT_BYTES = 1024 * 1024;
const large = (letter: string): string => letter.repeat(SEGMENT_BYTES * 0.6);

test('an empty shell that the log cleaner leaves of an idempotent batch is passed as a batch without records', async () => {
  await using broker = await openBroker(1, { ...COMPACTED, 'segment.bytes': String(SEGMENT_BYTES) });
  const [first, second] = [await idempotentProducer(broker), await idempotentProducer(broker)];
  const { topic } = broker;
  await first.send({ topic, messages: [{ key: 'same', value: large('a'), partition: 0 }] });
  await second.send({ topic, messages: [{ key: 'same', value: large('b'), partition: 0 }] });
  await sleep(SEGMENT_MS + 20); // the next append begins a new segment, and only closed ones are cleaned
  await broker.append(0, ['last']);

  const { values, batches } = await onceCompacted(broker, 3n, 2);

  assert.deepEqual(values(0), [large('b'), 'last']);
  // The shell is alone in its segment, so a fetch brings it alone: unpatched, kafkajs asks for it for ever.
  assert.deepEqual(batches[0], { partition: 0, records: [], nextOffset: 1n });
});

test('gaps that compaction leaves in the middle and at the tail of a batch are passed', async () => {
  await using broker = await openBroker(1, COMPACTED);
  const producer = await idempotentProducer(broker);
  const { topic } = broker;
  const messages = ['a', 'b', 'c', 'd'].map((key) => ({ key, value: `${key}0`, partition: 0 }));
  await producer.send({ topic, messages });
  await sleep(SEGMENT_MS + 20);
  await producer.send({
    topic,
    messages: [messages[1], messages[3]].flatMap((m) => (m ? [{ ...m, value: 'new' }] : [])),
  });
  await sleep(SEGMENT_MS + 20);
  await broker.append(0, ['last']);

  const { values, batches } = await onceCompacted(broker, 7n, 5);

  assert.deepEqual(values(0), ['a0', 'c0', 'new', 'new', 'last']);
  const offsets = batches.flatMap(({ records }) => records.map(({ offset }) => offset));
  assert.deepEqual(offsets, [0n, 2n, 4n, 5n, 6n]);
});
