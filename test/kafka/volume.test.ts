import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbers } from '../contract/source-contract.js';
import { openBroker } from './broker.js';
import { fromStart, startConsuming } from './consuming.js';

const PARTITIONS = 4;
const PER_PARTITION = 5_000;

test('20,000 records in many fetches are handed out once and in order, and all partitions are committed to their end', async () => {
  await using broker = await openBroker(PARTITIONS);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    for (let from = 0; from < PER_PARTITION; from += 1_000)
      await broker.append(partition, numbers(1_000, from));
  }
  const source = broker.memberWith({ fetchSizes: { maxBytesPerPartition: 16 * 1024 } });
  const ends = new Map((await source.inspect()).partitions.map(({ partition, end }) => [partition, end]));
  const consuming = startConsuming(source, fromStart(broker.topic, PARTITIONS), { ends });
  await consuming.drained();
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    assert.deepEqual(consuming.values(partition), numbers(PER_PARTITION));
    const last = consuming.batches.filter((batch) => batch.partition === partition).map((b) => b.nextOffset);
    assert.ok(last.length > 1, 'more than one fetch');
  }
  const { partitions } = await source.inspect();
  assert.ok(partitions.every(({ committed, end }) => committed?.offset === end));
});
