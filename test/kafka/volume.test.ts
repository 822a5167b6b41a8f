import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbers } from '../contract/source-contract.js';
import { MAX_HANDLED_BYTES } from '../../src/kafka/record-batch.js';
import type { Source } from '../../src/kafka/source.js';
import { openBroker } from './broker.js';
import { fromStart, startConsuming, type Consuming } from './consuming.js';

/** All that a source has handed out when every partition of the topic was read from its start to its end. */
async function drained(source: Source, topic: string): Promise<Consuming> {
  const { partitions } = await source.inspect();
  const ends = new Map(partitions.map(({ partition, end }) => [partition, end]));
  const consuming = startConsuming(source, fromStart(topic, partitions.length), { ends });
  await consuming.drained();
  return consuming;
}

const PARTITIONS = 4;
const PER_PARTITION = 5_000;

test('20,000 records in many fetches are handed out once and in order, and all partitions are committed to their end', async () => {
  await using broker = await openBroker(PARTITIONS);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    for (let from = 0; from < PER_PARTITION; from += 1_000)
      await broker.append(partition, numbers(1_000, from));
  }
  const source = broker.memberWith({ fetchSizes: { maxBytesPerPartition: 16 * 1024 } });
  const consuming = await drained(source, broker.topic);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    assert.deepEqual(consuming.values(partition), numbers(PER_PARTITION));
    const last = consuming.batches.filter((batch) => batch.partition === partition).map((b) => b.nextOffset);
    assert.ok(last.length > 1, 'more than one fetch');
  }
  const { partitions } = await source.inspect();
  assert.ok(partitions.every(({ committed, end }) => committed?.offset === end));
});

/** How many records of a partition come at once, at most, where the member has so many others as well, which are empty. */
async function mostAtOnce(others: number): Promise<number> {
  await using broker = await openBroker(1 + others);
  for (let from = 0; from < 12_000; from += 1_000) await broker.append(0, numbers(1_000, from));
  const source = broker.memberWith({
    fetchSizes: { maxBytesPerPartition: 16 * 1024, maxBytesAlone: 64 * 1024 },
  });
  const consuming = await drained(source, broker.topic);
  assert.deepEqual(consuming.values(0), numbers(12_000));
  return Math.max(...consuming.batches.map(({ records }) => records.length));
}

test('of a partition that a member has alone more comes at once than of one among others', async () => {
  assert.ok((await mostAtOnce(0)) >= 3 * (await mostAtOnce(1)));
});

const LARGE = 'x'.repeat(40_000);
const LARGE_PER_PARTITION = 300;
/** Of one append, which is a batch of the log. */
const LARGE_AT_ONCE = 20;

test('36 MB that compress to next to nothing, all in one fetch, are handed out in pieces, once and in order', async () => {
  await using broker = await openBroker(3, { 'compression.type': 'gzip' });
  for (const partition of [0, 1, 2]) {
    for (let from = 0; from < LARGE_PER_PARTITION; from += LARGE_AT_ONCE) {
      const values = numbers(LARGE_AT_ONCE, from).map((number) => `${number} ${LARGE}`);
      await broker.append(partition, values);
    }
  }
  const source = broker.member();
  const consuming = await drained(source, broker.topic);
  for (const partition of [0, 1, 2]) {
    const handed = consuming.values(partition).map((value) => value?.split(' ')[0]);
    assert.deepEqual(handed, numbers(LARGE_PER_PARTITION));
  }
  const most = Math.max(...consuming.batches.map(({ records }) => records.length));
  assert.ok(most * LARGE.length <= MAX_HANDLED_BYTES + LARGE_AT_ONCE * LARGE.length, `${most} at once`);
});
