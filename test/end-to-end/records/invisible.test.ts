import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Message, Transaction } from 'kafkajs';
import type { RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { readWithConsoleConsumer } from '../../support/console-consumer.js';
import { assertEqualsFold, fold, type ReadRecord } from '../../support/fold.js';
import { orders } from '../../support/records.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import { until } from '../../support/until.js';

/** Kafka 4 allows no segment below 1 MiB, so they are rolled by time. */
const COMPACTED = [
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'segment.ms', value: '100' },
  { name: 'min.cleanable.dirty.ratio', value: '0.001' },
  { name: 'min.compaction.lag.ms', value: '0' },
];

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('offsets without a visible record', { concurrency: true }, () => {
  const opened: Scenario[] = [];
  const open = async (topicConfig: { name: string; value: string }[] = []): Promise<Scenario> => {
    const [beside] = opened;
    const worker = { maxConcurrentDrains: 8 };
    const scenario = await createScenario({
      partitions: 1,
      worker,
      topicConfig,
      ...(beside !== undefined && { beside }),
    });
    opened.push(scenario);
    return scenario;
  };
  let marker: Scenario;
  let aborted: Scenario;
  let pending: Scenario;
  let compacted: Scenario;
  before(async () => {
    marker = await open();
    aborted = await open();
    pending = await open();
    compacted = await open(COMPACTED);
    await marker.startWorker();
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  const run = async (scenario: Scenario): Promise<RunResult> => {
    const result = await scenario.run();
    assertBalanced(result);
    return result;
  };

  const transact = async (
    { kafka, topic, name }: Scenario,
    messages: Message[],
    end: (transaction: Transaction) => Promise<void>,
  ): Promise<void> => {
    const producer = kafka.producer({ transactionalId: name, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages });
    await end(transaction);
    await producer.disconnect();
  };

  /** Markers are written after the producer has been told that its transaction ended. */
  const untilEnd = ({ admin, topic }: Scenario, end: number) =>
    until(`the log to end at ${String(end)}`, async () => {
      const [partition] = await admin.fetchTopicOffsets(topic);
      return Number(partition?.high) >= end || null;
    });

  /**
   * Committed up to the given end, and the collection is what Kafka's own consumer sees: exactly so many records before one
   * that only marks the end.
   */
  const assertReadUpTo = async (scenario: Scenario, end: number, visible: number) => {
    assert.deepEqual(await scenario.committed(), [String(end)]);
    await scenario.produce([{ key: 'the end', value: null }]);
    const records = await readWithConsoleConsumer(scenario.topic, visible + 1);
    assert.deepEqual([records.length, records.pop()?.key], [visible + 1, 'the end']);
    await assertEqualsFold(scenario.collection, fold(scenario.topic, records));
  };

  test('a commit marker at the end is passed: the end is committed, and the next run has nothing to do', async () => {
    await marker.produce(orders(5));
    await transact(marker, orders(5, { first: 3, version: 2 }), (transaction) => transaction.commit());
    await untilEnd(marker, 11);
    const result = await run(marker);
    assert.deepEqual([result.stopReason, result.lagBefore, result.lagAfter], ['drained', 11, 0]);
    assert.deepEqual([result.records.read, result.records.coalesced], [10, 2]);
    assert.equal((await run(marker)).stopReason, 'nothing-to-do');
    await assertReadUpTo(marker, 11, 10);
  });

  test('an aborted transaction at the end is passed without being read, also where it is all there is to read', async () => {
    await aborted.produce(orders(5));
    await transact(aborted, orders(5, { version: 2 }), (transaction) => transaction.abort());
    await untilEnd(aborted, 11);
    const result = await run(aborted);
    assert.deepEqual([result.stopReason, result.records.read, result.lagAfter], ['drained', 5, 0]);
    await transact(aborted, orders(7, { version: 3 }), (transaction) => transaction.abort());
    await untilEnd(aborted, 19);
    const next = await run(aborted);
    assert.deepEqual(
      [next.stopReason, next.lagBefore, next.records.read, next.lagAfter],
      ['drained', 8, 0, 0],
    );
    await assertReadUpTo(aborted, 19, 5);
  });

  test('an open transaction is not waited for: the run ends before it, and a later run reads what was committed', async () => {
    await pending.produce(orders(5));
    await transact(pending, orders(4, { version: 2 }), async (transaction) => {
      await pending.produce(orders(3, { first: 10 }));
      const result = await run(pending);
      assert.deepEqual(
        [result.stopReason, result.partitions[0]?.end, result.records.read],
        ['drained', '5', 5],
      );
      assert.deepEqual([await pending.committed(), await pending.collection.countDocuments()], [['5'], 5]);
      assert.equal((await run(pending)).stopReason, 'nothing-to-do');
      await transaction.commit();
    });
    await untilEnd(pending, 13);
    const result = await run(pending);
    assert.deepEqual([result.stopReason, result.records.updated, result.records.inserted], ['drained', 4, 3]);
    assert.equal(result.continuity, 'continuous');
    await assertReadUpTo(pending, 13, 12);
  });

  test('gaps that compaction left are passed', async () => {
    const { admin, topic } = compacted;
    const base = Date.now() - 1000;
    const produced: ReadRecord[] = [];
    // The test knows the log by heart: compacted, it is no longer there for an oracle to read.
    const append = async (messages: Message[]) => {
      for (const { key, value } of messages) {
        const offset = BigInt(produced.length);
        const timestampMs = base + produced.length;
        produced.push({ partition: 0, offset, timestampMs, key: String(key), value: String(value) });
      }
      const appended = produced.slice(-messages.length);
      await compacted.produce(
        appended.map(({ key, value, timestampMs }) => ({ key, value, timestamp: String(timestampMs) })),
      );
    };
    for (let version = 1; version <= 4; version += 1) await append(orders(20, { version }));
    await until('the log cleaner to have removed the older versions', async () => {
      // Only closed segments are cleaned, and only another record closes one.
      await append([{ key: 'last', value: '{}' }]);
      const [first] = await admin.fetchTopicOffsetsByTimestamp(topic, base);
      return Number(first?.offset) >= 60 || null;
    });
    const result = await run(compacted);
    assert.deepEqual([result.stopReason, result.lagBefore, result.lagAfter], ['drained', produced.length, 0]);
    assert.ok(result.records.read >= 21 && result.records.read <= produced.length - 60);
    assert.deepEqual(await compacted.committed(), [String(produced.length)]);
    await assertEqualsFold(compacted.collection, fold(topic, produced));
  });
});
