import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromStart, startConsuming, untilTrue } from '../kafka/consuming.js';
import { numbers, type SourceUnderTest } from './source-contract.js';

/** What several members of one group must do, whatever they read from. */
export function describeSourceMembersContract(
  name: string,
  open: (partitions: number) => Promise<SourceUnderTest>,
): void {
  describe(`${name}: several members`, () => {
    test('members share the partitions, and the rest takes over when one leaves', async () => {
      await using world = await open(4);
      for (const partition of [0, 1, 2, 3]) await world.append(partition, numbers(20));
      const ends = new Map([0, 1, 2, 3].map((partition) => [partition, 40n] as const));
      const first = startConsuming(world.member(), fromStart(world.topic, 4), { ends });
      await untilTrue('the first member reads', () => first.committed.size === 4);
      const second = startConsuming(world.member(), fromStart(world.topic, 4), { ends });
      await untilTrue('both have two', () => [first, second].every(({ owned }) => owned().length === 2));
      assert.deepEqual([...first.owned(), ...second.owned()].sort(), [0, 1, 2, 3]);
      await first.stop();
      for (const partition of [0, 1, 2, 3]) await world.append(partition, numbers(20, 20));
      await second.drained();
      for (const partition of [0, 1, 2, 3]) {
        const seen = new Set([...first.values(partition), ...second.values(partition)]);
        assert.deepEqual(seen, new Set(numbers(40)));
      }
    });

    test('a member gets only partitions it asked for', async () => {
      await using world = await open(3);
      const narrow = startConsuming(world.member(), fromStart(world.topic, 1), { ends: new Map([[0, 1n]]) });
      const wide = startConsuming(world.member(), fromStart(world.topic, 3), {
        ends: new Map([0, 1, 2].map((partition) => [partition, 1n] as const)),
      });
      await untilTrue(
        'all three are given out',
        () => narrow.owned().length === 1 && wide.owned().length === 2,
      );
      assert.deepEqual(narrow.owned(), [0]);
      assert.deepEqual(wide.owned(), [1, 2]);
      await Promise.all([narrow.stop(), wide.stop()]);
    });

    test('a batch that a rebalance overtakes is handed out again, and no commit of it is lost or doubled', async () => {
      await using world = await open(2);
      await world.append(0, numbers(100));
      await world.append(1, numbers(100));
      const source = world.member();
      const ends = new Map([0, 1].map((partition) => [partition, 100n] as const));
      const slowly = {
        ends,
        handle: async ({ records }: { records: readonly { offset: bigint }[] }) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          const offset = (records[9] ?? records.at(-1))?.offset ?? 0n;
          return { commit: { offset: offset + 1n, metadata: '' }, done: offset === 99n };
        },
      };
      const running = startConsuming(source, fromStart(world.topic, 2), slowly);
      for (let guest = 0; guest < 3; guest += 1) {
        const visitor = startConsuming(world.member(), fromStart(world.topic, 2), slowly);
        await untilTrue('the visitor has a turn', () => visitor.heard.length > 0);
        await visitor.stop();
        for (const [partition, offset] of visitor.committed) {
          assert.ok(((await source.committed()).get(`${world.topic}-${partition}`)?.offset ?? 0n) >= offset);
        }
      }
      await untilTrue('all is committed', async () =>
        [...(await source.committed()).values()].every(({ offset }) => offset === 100n),
      );
      await running.stop();
    });

    test('members that wish for partitions of their own disturb each other only when one joins or leaves', async () => {
      const members = [0, 1, 2, 3];
      await using world = await open(members.length);
      // The first ends first, the last has most.
      for (const member of members) await world.append(member, numbers(50 * (member + 1)));
      const running = members.map((member) => {
        const end = BigInt(50 * (member + 1));
        return startConsuming(
          world.member(),
          fromStart(world.topic, members.length).slice(member, member + 1),
          {
            ends: new Map([[member, end]]),
            handle: async ({ records }: { records: readonly { offset: bigint }[] }) => {
              await new Promise((resolve) => setTimeout(resolve, 100));
              const offset = (records[9] ?? records.at(-1))?.offset ?? 0n;
              return { commit: { offset: offset + 1n, metadata: '' }, done: offset + 1n === end };
            },
          },
        );
      });
      await Promise.all(running.map((consuming) => consuming.drained()));
      for (const [member, { heard, values }] of running.entries()) {
        assert.deepEqual([...new Set(values(member))], numbers(50 * (member + 1)));
        const joins = heard.filter((told) => told.startsWith('assigned'));
        // Its own join, and one more for each other member that comes or goes.
        assert.ok(joins.length < 2 * members.length, heard.join('; '));
        assert.deepEqual([...new Set(joins)], [`assigned ${String(member)}`]);
      }
    });
  });
}
