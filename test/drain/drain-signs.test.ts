import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drain } from '../../src/drain/drain.js';
import { books, ORDERS_0, ours, pipeline, plan, record, topicState } from './builders.js';
import { handleAndCommit, hearNothing, NEVER, open, readAll, TASK } from './drain-cases.js';

const IDLE_MS = TASK.pipeline.limits.idleTimeoutMs;
/** Enough of everything else, so that only idleness ends it. */
const PATIENT = { ...TASK, budgetMs: 100 * IDLE_MS, stopByMs: 100 * IDLE_MS };

describe('a drain that hears nothing', () => {
  test('for the whole idle timeout, although its plan is not read, fails and says where', async () => {
    const { deps, tick } = open({
      consume: async ({ listener, signal }) => {
        listener.assigned(['orders-0']);
        listener.fetching();
        await tick(IDLE_MS - 1);
        listener.fetched(0);
        listener.fetching();
        await tick(IDLE_MS);
        assert.ok(!signal.aborted, 'not long enough');
        listener.fetched(0);
        listener.fetching();
        await tick();
        assert.ok(signal.aborted, 'idle');
      },
    });
    const message = /^orders-0: nothing arrived for 30 s/;
    await assert.rejects(drain(deps, PATIENT, NEVER), { code: 'STALLED', message });
  });

  test('ends idle where that is its end', async () => {
    const { deps, tick } = open({
      consume: async ({ listener }) => {
        listener.assigned(['orders-0']);
        await hearNothing({ listener }, tick, IDLE_MS);
      },
    });
    const task = { ...PATIENT, pipeline: pipeline({ until: 'idle' }) };
    assert.equal((await drain(deps, task, NEVER)).stopReason, 'idle');
  });

  for (const what of [
    'an outage',
    'a rebalance',
    'a batch that came and is still in hand',
    'a batch that was in hand',
  ])
    test(`is not idle while there is ${what}`, async () => {
      const writes: (() => void)[] = [];
      const { deps, tick } = open({
        sink: {
          writeDeadLetters: () =>
            new Promise((resolve) => {
              writes.push(resolve);
            }),
        },
        consume: async ({ listener, handle, signal }) => {
          listener.assigned(['orders-0']);
          listener.fetching();
          await tick(IDLE_MS - 1);
          if (what === 'an outage') listener.interrupted();
          if (what === 'a rebalance') listener.assigned(['orders-0']);
          const bad = { ...ORDERS_0, records: [record({ offset: 40n, value: '{' })], nextOffset: 41n };
          const handled = what.startsWith('a batch') ? handle(bad) : null;
          if (what === 'a batch that was in hand') {
            while (writes.length === 0) await new Promise((resolve) => setImmediate(resolve));
            for (const write of writes) write();
            await handled;
          } else if (handled !== null) listener.fetching();
          await tick(IDLE_MS + 1);
          listener.fetched(0);
          listener.fetching();
          await tick();
          assert.ok(!signal.aborted, 'not idle');
          throw new Error('enough');
        },
      });
      await assert.rejects(drain(deps, PATIENT, NEVER), { message: 'enough' });
    });

  test('after a batch that it has written, for the whole idle timeout, fails, too', async () => {
    const { deps, tick } = open({
      consume: async ({ listener, handle, signal }) => {
        listener.assigned(['orders-0']);
        const batch = { ...ORDERS_0, records: [record({ offset: 40n })], nextOffset: 41n };
        await handleAndCommit({ handle, listener }, batch);
        await hearNothing({ listener }, tick, IDLE_MS);
        assert.ok(signal.aborted, 'idle');
      },
    });
    await assert.rejects(drain(deps, PATIENT, NEVER), { code: 'STALLED' });
  });

  test('of partitions that others read waits for them', async () => {
    const { deps, tick } = open({
      consume: async ({ listener, signal }) => {
        listener.assigned([]);
        await hearNothing({ listener }, tick, IDLE_MS);
        assert.ok(!signal.aborted, 'not its own affair');
        throw new Error('enough');
      },
    });
    await assert.rejects(drain(deps, PATIENT, NEVER), { message: 'enough' });
  });
});

describe('a drain', () => {
  test('whose plan is done already joins no group', async () => {
    const committed = ours(100n, { run: TASK.run.runId, books: books(60) });
    const state = topicState([{ committed }]);
    const { deps, did } = open({ states: [state, state], consume: readAll });
    const { stopReason, records } = await drain(deps, TASK, NEVER);
    assert.deepEqual([stopReason, records.read], ['drained', 60]);
    assert.ok(!did.includes('consume'));
  });

  test('whose consumer ends by itself fails, whatever the reason', async () => {
    const { deps } = open({ consume: () => Promise.resolve() });
    await assert.rejects(drain(deps, TASK, NEVER), { code: 'UNEXPECTED', message: /without being told to/ });
  });

  test('says in which phase it is, and gives a sign of life with each thing that happens', async () => {
    const { deps, phases } = open({
      consume: async (request) => {
        request.listener.fetched(0);
        request.listener.interrupted();
        await readAll(request);
      },
    });
    await drain(deps, TASK, NEVER);
    const [joining, draining] = ['joining', 'draining'];
    assert.deepEqual(phases, [joining, joining, joining, draining, draining, 'stopping', 'stopped']);
  });

  test('tells what each of its commits has added', async () => {
    const { deps, counted } = open({ consume: readAll });
    await drain(deps, TASK, NEVER);
    assert.deepEqual(
      counted.map(({ counts }) => counts.read),
      [1],
    );
  });

  test('sets no timer that outlives it', async () => {
    const { deps, timers } = open({ consume: readAll });
    await drain(deps, TASK, NEVER);
    assert.equal(timers(), 0);
  });

  test('asks what others have committed only where a partition is not its own', async () => {
    const { deps, did, tick } = open({
      consume: async (request) => {
        request.listener.assigned(['orders-0']);
        await tick();
        assert.ok(!did.includes('committed'));
        request.listener.assigned([]);
        await tick();
        assert.ok(did.includes('committed'));
        await readAll(request);
      },
    });
    await drain(deps, TASK, NEVER);
  });

  test('with until idle reads beyond the ends of its plan', async () => {
    const { deps, counted } = open({
      consume: async ({ listener, handle }) => {
        listener.assigned(['orders-0']);
        const batch = { ...ORDERS_0, records: [record({ offset: 150n })], nextOffset: 151n };
        await handleAndCommit({ handle, listener }, batch);
        throw new Error('enough');
      },
    });
    const task = { ...TASK, pipeline: pipeline({ until: 'idle' }) };
    await assert.rejects(drain(deps, task, NEVER), { message: 'enough' });
    assert.deepEqual(
      counted.map(({ counts }) => counts.read),
      [1],
    );
  });

  test('reads nothing of a partition that is not in its plan', async () => {
    const { deps, counted } = open({
      consume: async ({ handle }) => {
        const batch = {
          ...ORDERS_0,
          partition: 'orders-7' as const,
          records: [record({ partition: 7, offset: 0n })],
          nextOffset: 1n,
        };
        assert.deepEqual(await handle(batch), { commit: null, done: true });
        throw new Error('enough');
      },
    });
    await assert.rejects(drain(deps, TASK, NEVER), { message: 'enough' });
    assert.deepEqual(counted, []);
  });

  test('writes batches of several partitions at the same time', async () => {
    let writing = 0;
    const { deps } = open({
      states: [topicState([{}, {}]), topicState([{ committed: ours(100n) }, { committed: ours(100n) }])],
      sink: {
        write: async () => {
          writing += 1;
          while (writing < 2) await new Promise((resolve) => setImmediate(resolve));
          return { inserted: 1, updated: 0, deleted: 0, unchanged: 0, rejected: [] };
        },
      },
      consume: async ({ listener, handle }) => {
        listener.assigned(['orders-0', 'orders-1']);
        await Promise.all(
          [0, 1].map(async (partition) => {
            const records = [record({ partition, offset: 40n })];
            const batch = {
              topic: 'orders',
              partition: `orders-${partition}` as const,
              records,
              nextOffset: 100n,
            };
            await handleAndCommit({ handle, listener }, batch);
          }),
        );
      },
    });
    const outcome = await drain(deps, { ...TASK, plan: plan([{}, {}]) }, NEVER);
    assert.equal(outcome.records.read, 2);
  });
});

describe('with maxRecords, what was written but never committed', () => {
  const task = {
    ...TASK,
    pipeline: pipeline({ limits: { ...TASK.pipeline.limits, maxRecords: 2 } }),
  };
  const records = [record({ offset: 40n }), record({ offset: 41n, key: 'o-2' })];
  const batch = { ...ORDERS_0, records, nextOffset: 42n };

  test('takes no room once its partition is handed out anew', async () => {
    const { deps } = open({
      states: [topicState(), topicState([{ committed: ours(42n) }])],
      consume: async ({ listener, handle }) => {
        listener.assigned(['orders-0']);
        await handle(batch);
        listener.assigned(['orders-0']);
        await handleAndCommit({ handle, listener }, batch);
      },
    });
    const outcome = await drain(deps, task, NEVER);
    assert.deepEqual([outcome.stopReason, outcome.records.read], ['max-records', 2]);
  });

  test('takes no room twice when it is committed', async () => {
    const { deps } = open({
      states: [topicState(), topicState([{ committed: ours(42n) }])],
      consume: async ({ listener, handle }) => {
        listener.assigned(['orders-0']);
        for (const [index, one] of records.entries()) {
          const nextOffset = 41n + BigInt(index);
          const single = { ...ORDERS_0, records: [one], nextOffset };
          assert.equal(await handleAndCommit({ handle, listener }, single), nextOffset);
        }
      },
    });
    const outcome = await drain(deps, task, NEVER);
    assert.deepEqual([outcome.stopReason, outcome.records.read], ['max-records', 2]);
  });
});
