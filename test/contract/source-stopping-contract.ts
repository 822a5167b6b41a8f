import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromStart, startConsuming, untilTrue } from '../kafka/consuming.js';
import { numbers, type SourceUnderTest } from './source-contract.js';

const ALREADY = AbortSignal.abort();

/** How every source must end. */
export function describeSourceStoppingContract(
  name: string,
  open: (partitions: number) => Promise<SourceUnderTest>,
): void {
  describe(`${name}: stopping`, () => {
    test('a stop while a batch is in hand lets it finish and commits it', async () => {
      await using world = await open(1);
      await world.append(0, numbers(5));
      const source = world.member();
      const consuming = startConsuming(source, fromStart(world.topic, 1), {
        ends: new Map([[0, 5n]]),
        handle: async (batch) => {
          consuming.abort();
          await new Promise((resolve) => setTimeout(resolve, 50));
          return { commit: { offset: batch.nextOffset, metadata: 'late' }, done: true };
        },
      });
      await consuming.ended;
      const offset = consuming.batches[0]?.nextOffset;
      assert.equal(consuming.batches.length, 1);
      assert.deepEqual((await source.committed()).get(`${world.topic}-0`), { offset, metadata: 'late' });
    });

    test('a stop before the beginning, and at any moment of the join, is a quiet end', async () => {
      await using world = await open(1);
      await world.append(0, numbers(1));
      const source = world.member();
      const unborn = startConsuming(source, fromStart(world.topic, 1), {
        ends: new Map([[0, 1n]]),
        signal: ALREADY,
      });
      await unborn.ended;
      assert.deepEqual([unborn.batches.length, unborn.heard], [0, []]);
      for (const delayMs of [0, 1, 2, 4, 8, 16, 32]) {
        const consuming = startConsuming(world.member(), fromStart(world.topic, 1), {
          ends: new Map([[0, 1n]]),
        });
        setTimeout(consuming.abort, delayMs);
        await consuming.ended;
      }
      // Nobody was left behind in the group: the next member gets everything.
      const last = startConsuming(world.member(), fromStart(world.topic, 1), { ends: new Map([[0, 1n]]) });
      await last.drained();
      assert.equal(last.heard[0], 'assigned 0');
    });

    test('an error of the handler ends the reading as that very error, once, and nothing is committed', async () => {
      await using world = await open(2);
      await world.append(0, numbers(5));
      const source = world.member();
      const mine = new RangeError('mine');
      const consuming = startConsuming(source, fromStart(world.topic, 2), {
        ends: new Map([[0, 5n]]),
        handle: () => Promise.reject(mine),
      });
      await assert.rejects(consuming.ended, (error) => error === mine);
      assert.equal(consuming.batches.length, 1);
      assert.equal((await source.committed()).get(`${world.topic}-0`)?.offset, 0n);
      const next = startConsuming(source, fromStart(world.topic, 2), { ends: new Map([[0, 5n]]) });
      await next.drained();
      assert.equal(next.heard[0], 'assigned 0,1', 'the failed member has left the group');
    });

    test('closing the source ends what consumes', async () => {
      await using world = await open(1);
      const source = world.member();
      const consuming = startConsuming(source, fromStart(world.topic, 1), { ends: new Map([[0, 1n]]) });
      await untilTrue('the join', () => consuming.heard.length > 0);
      await source.close();
      await consuming.ended;
    });
  });
}
