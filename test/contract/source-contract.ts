import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PartitionName, Source } from '../../src/kafka/source.js';
import { fromStart, numberOf, startConsuming, untilTrue } from '../kafka/consuming.js';

/** A topic of its own with empty partitions, and any number of members of one consumer group on it. */
export interface SourceUnderTest extends AsyncDisposable {
  topic: string;
  /** Another member of the same group; closed with the world. */
  member: () => Source;
  /** Appends a record per value; `null` is a tombstone. Returns when they are durable. */
  append: (partition: number, values: readonly (string | null)[]) => Promise<void>;
}

export const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));

/** What every source must do, whatever it reads from. */
export function describeSourceContract(
  name: string,
  open: (partitions: number) => Promise<SourceUnderTest>,
): void {
  describe(`${name}: planning`, () => {
    test('a new group has committed nothing, and an empty partition ends where it begins', async () => {
      await using world = await open(2);
      await world.append(1, numbers(3));
      const { topic } = world;
      const { topics, clusterId, partitions } = await world.member().inspect();
      assert.deepEqual(
        topics.map((found) => found.topic),
        [topic],
      );
      assert.notEqual(clusterId, '');
      assert.deepEqual(partitions, [
        { topic, partition: 0, low: 0n, end: 0n, committed: null },
        { topic, partition: 1, low: 0n, end: 3n, committed: null },
      ]);
      assert.deepEqual(await world.member().committed(), new Map());
    });

    test('the offset at a time is the first record from then on, or the end', async () => {
      await using world = await open(2);
      await world.append(0, numbers(2));
      const source = world.member();
      assert.deepEqual(
        await source.offsetsAt(0),
        new Map([
          [`${world.topic}-0`, 0n],
          [`${world.topic}-1`, 0n],
        ]),
      );
      assert.equal((await source.offsetsAt(Date.now() + 3_600_000)).get(`${world.topic}-0`), 2n);
    });
  });

  describe(`${name}: reading`, () => {
    test('every record is handed out once, in order, and what was handled is committed with its metadata', async () => {
      await using world = await open(3);
      for (const partition of [0, 1, 2]) await world.append(partition, numbers(50 + partition));
      const source = world.member();
      const consuming = startConsuming(source, fromStart(world.topic, 3), {
        ends: new Map([
          [0, 50n],
          [1, 51n],
          [2, 52n],
        ]),
        metadata: ({ partition }) => `π and ${'x'.repeat(1000 + numberOf(partition))}`,
      });
      await consuming.drained();
      for (const partition of [0, 1, 2]) {
        assert.deepEqual(consuming.values(partition), numbers(50 + partition));
        const metadata = `π and ${'x'.repeat(1000 + partition)}`;
        assert.deepEqual((await source.committed()).get(`${world.topic}-${partition}`), {
          offset: BigInt(50 + partition),
          metadata,
        });
      }
      assert.deepEqual((await source.inspect()).partitions[2]?.committed?.offset, 52n);
    });

    test('a tombstone has no value, and an empty value is not one', async () => {
      await using world = await open(1);
      await world.append(0, [null, '']);
      const consuming = startConsuming(world.member(), fromStart(world.topic, 1), {
        ends: new Map([[0, 2n]]),
      });
      await consuming.drained();
      assert.deepEqual(consuming.values(0), [null, '']);
    });

    test('reading goes on at the commit where only a part of a batch was handled', async () => {
      await using world = await open(1);
      await world.append(0, numbers(10));
      const commits: bigint[] = [];
      const consuming = startConsuming(world.member(), fromStart(world.topic, 1), {
        ends: new Map([[0, 10n]]),
        handle: ({ records: [first] }) => {
          const offset = (first?.offset ?? 0n) + 1n;
          commits.push(offset);
          return { commit: { offset, metadata: '' }, done: offset === 10n };
        },
      });
      await consuming.drained();
      const starts = consuming.batches.map(({ records }) => records[0]?.offset);
      assert.deepEqual(starts, [0n, ...commits.slice(0, -1)]);
      assert.ok(consuming.batches.some(({ records }) => records.length > 1));
    });

    test('a partition that is done gets no more records, while others go on', async () => {
      await using world = await open(2);
      await world.append(0, numbers(5));
      await world.append(1, numbers(5));
      const consuming = startConsuming(world.member(), fromStart(world.topic, 2), {
        ends: new Map([
          [0, 5n],
          [1, 10n],
        ]),
      });
      await untilTrue('partition 0 is done', () => consuming.committed.get(0) === 5n);
      await world.append(0, numbers(5, 5));
      await world.append(1, numbers(5, 5));
      await consuming.drained();
      assert.deepEqual(consuming.values(0), numbers(5));
      assert.deepEqual(consuming.values(1), numbers(10));
    });

    test('it gives signs of life while every partition is done', async () => {
      await using world = await open(1);
      await world.append(0, numbers(1));
      const consuming = startConsuming(world.member(), fromStart(world.topic, 1), {
        ends: new Map([[0, 1n]]),
        stopAtEnd: false,
      });
      await untilTrue('the end', () => consuming.committed.get(0) === 1n);
      const before = { ...consuming.signs };
      await untilTrue('two more fetches', () => consuming.signs.fetched >= before.fetched + 2);
      assert.equal(consuming.signs.interrupted, before.interrupted);
      await consuming.stop();
    });

    test('no partition is ever handled twice at once', async () => {
      await using world = await open(2);
      await world.append(0, numbers(500));
      await world.append(1, numbers(500));
      const busy = new Set<PartitionName>();
      let overlaps = 0;
      const consuming = startConsuming(world.member(), fromStart(world.topic, 2), {
        ends: new Map([
          [0, 500n],
          [1, 500n],
        ]),
        handle: async ({ partition, records }) => {
          if (busy.has(partition)) overlaps += 1;
          busy.add(partition);
          await new Promise((resolve) => setImmediate(resolve));
          busy.delete(partition);
          const offset = (records[19] ?? records.at(-1))?.offset ?? 0n;
          return { commit: { offset: offset + 1n, metadata: '' }, done: offset === 499n };
        },
      });
      await consuming.drained();
      assert.ok(consuming.batches.length >= 50);
      assert.equal(overlaps, 0);
    });
  });

  describe(`${name}: starts`, () => {
    test('a start is committed before anything is handled, also where there is nothing to read', async () => {
      await using world = await open(2);
      await world.append(0, numbers(10));
      const source = world.member();
      const starts = [
        { topic: world.topic, partition: 0, start: { offset: 7n, metadata: 'a', replaces: null } },
        { topic: world.topic, partition: 1, start: { offset: 0n, metadata: 'b', replaces: null } },
      ];
      let committedAtFirst: unknown;
      const consuming = startConsuming(source, starts, {
        ends: new Map([
          [0, 10n],
          [1, 0n],
        ]),
        handle: async (batch) => {
          committedAtFirst ??= [...(await source.committed())];
          return { commit: { offset: batch.nextOffset, metadata: 'c' }, done: true };
        },
      });
      await consuming.drained();
      assert.deepEqual(committedAtFirst, [
        [`${world.topic}-0`, { offset: 7n, metadata: 'a' }],
        [`${world.topic}-1`, { offset: 0n, metadata: 'b' }],
      ]);
      assert.deepEqual(consuming.values(0), ['7', '8', '9']);
      assert.deepEqual((await source.committed()).get(`${world.topic}-1`), { offset: 0n, metadata: 'b' });
    });

    test('a start yields to what another member has committed meanwhile', async () => {
      await using world = await open(1);
      await world.append(0, numbers(10));
      const source = world.member();
      await startConsuming(source, fromStart(world.topic, 1), {
        ends: new Map([[0, 10n]]),
        metadata: () => 'the first',
      }).drained();
      await world.append(0, numbers(2, 10));
      const late = startConsuming(world.member(), fromStart(world.topic, 1), { ends: new Map([[0, 12n]]) });
      await late.drained();
      assert.deepEqual(late.values(0), ['10', '11']);
      assert.deepEqual(late.heard.slice(0, 2), ['assigned 0', 'committed 0 10 the first']);
    });

    test('a start replaces exactly the commit it was planned for', async () => {
      await using world = await open(1);
      await world.append(0, numbers(10));
      const source = world.member();
      await startConsuming(source, fromStart(world.topic, 1), { ends: new Map([[0, 10n]]) }).drained();
      const again = [
        { topic: world.topic, partition: 0, start: { offset: 8n, metadata: 'again', replaces: 10n } },
      ];
      const replay = startConsuming(world.member(), again, { ends: new Map([[0, 10n]]) });
      await replay.drained();
      assert.deepEqual(replay.values(0), ['8', '9']);
      assert.deepEqual(replay.heard.slice(0, 2), ['assigned 0', 'committed 0 8 again']);
      assert.equal(replay.heard.at(-1), 'committed 0 10 ');
    });

    test('a partition without a start whose commit is gone is refused, and nothing is handed out', async () => {
      await using world = await open(1);
      await world.append(0, numbers(10));
      const source = world.member();
      const consuming = startConsuming(source, [{ topic: world.topic, partition: 0, start: null }], {
        ends: new Map([[0, 10n]]),
      });
      await assert.rejects(consuming.ended, { code: 'OFFSET_OUT_OF_RANGE' });
      assert.equal(consuming.batches.length, 0);
      assert.deepEqual(await source.committed(), new Map());
    });
  });
}
