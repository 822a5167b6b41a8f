import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drain } from '../../src/drain/drain.js';
import { books, NOW, ours, pipeline, plan, record, topicState } from './builders.js';
import { NEVER, open, readAll, TASK } from './drain-cases.js';

describe('a drain', () => {
  test('asks Kafka nothing before it knows that the collection is fit', async () => {
    const unfit = new Error('capped');
    const { deps, did } = open({
      sink: { check: () => Promise.reject(unfit) },
      consume: () => Promise.resolve(),
    });
    await assert.rejects(drain(deps, TASK, NEVER), unfit);
    assert.deepEqual(did, []);
  });

  test('ends when its plan is read, and says what it did', async () => {
    const { deps } = open({ consume: readAll });
    const { stopReason, records, lagAfter } = await drain(deps, TASK, NEVER);
    assert.deepEqual([stopReason, records.read, records.inserted, lagAfter], ['drained', 1, 1, 0]);
  });

  for (const [what, state] of [
    ['was moved back', topicState([{ committed: ours(60n) }])],
    ['is gone', topicState()],
  ] as const) {
    test(`that finds in the end that its commit ${what} has not succeeded`, async () => {
      const { deps } = open({ consume: readAll, states: [topicState(), state] });
      await assert.rejects(drain(deps, TASK, NEVER), { code: 'COMMIT_UNVERIFIED' });
    });
  }

  test('is drained when another member of ours has read what it does not own', async () => {
    const { deps, tick } = open({
      committed: new Map([['orders-0', ours(100n)]]),
      consume: async ({ listener, signal }) => {
        listener.assigned([]);
        await tick();
        // Another tick, after what the first has found out.
        await tick();
        assert.ok(signal.aborted, 'asked to stop');
      },
    });
    assert.equal((await drain(deps, TASK, NEVER)).stopReason, 'drained');
  });

  test('is drained, too, when a partition that it owned at first was read by another member of ours', async () => {
    const { deps, tick } = open({
      committed: new Map([['orders-0', ours(100n)]]),
      consume: async ({ listener, signal }) => {
        listener.assigned(['orders-0']);
        listener.assigned([]);
        await tick();
        await tick();
        assert.ok(signal.aborted, 'asked to stop');
      },
    });
    assert.equal((await drain(deps, TASK, NEVER)).stopReason, 'drained');
  });

  test('does not count what was committed under an earlier epoch', async () => {
    const stopped = new AbortController();
    const { deps, tick } = open({
      committed: new Map([['orders-0', ours(100n, { epoch: 1 })]]),
      consume: async ({ listener, signal }) => {
        listener.assigned([]);
        await tick();
        await tick();
        assert.ok(!signal.aborted, 'not drained');
        stopped.abort('stopped');
        await tick();
      },
    });
    const task = { ...TASK, pipeline: pipeline({ epoch: 2 }), plan: plan([{}], { epoch: 2 }) };
    assert.equal((await drain(deps, task, stopped.signal)).stopReason, 'stopped');
  });

  test('as one of several members tells of its share, and of what it saw of the others beside it', async () => {
    const before = topicState([{}, { committed: ours(50n) }]);
    const atStop = topicState([{ committed: ours(100n), end: 102n }, { committed: ours(70n) }]);
    const task = { ...TASK, plan: plan([{}], { members: 2 }) };
    const { deps } = open({ states: [before, atStop], consume: readAll });
    const outcome = await drain(deps, task, NEVER);
    assert.equal(outcome.stopReason, 'drained');
    assert.equal(outcome.lagAfter, 2);
    assert.equal(outcome.lagOfOthers, 30);
    assert.deepEqual(
      outcome.topics.map(({ lagAfter }) => lagAfter),
      [2],
    );
    assert.equal(outcome.partitions.length, 1);
  });

  test('has its budget from the first assignment on, whatever rebalances come', async () => {
    const { deps, tick } = open({
      consume: async ({ listener, signal }) => {
        await tick(30_000);
        listener.assigned(['orders-0']);
        await tick(89_999);
        listener.assigned(['orders-0']);
        assert.ok(!signal.aborted, 'within the budget');
        await tick(90_000);
        assert.ok(signal.aborted, 'the budget is used up');
      },
    });
    const outcome = await drain(deps, { ...TASK, stopByMs: 200_000 }, NEVER);
    assert.equal(outcome.stopReason, 'budget');
  });

  test('writes tombstones that every attempt writes the same: purged a window after the plan', async () => {
    const purged: unknown[] = [];
    const { deps } = open({
      sink: {
        write: ([model]) => {
          if (model?.kind === 'delete') purged.push(model.purgeAt);
          return Promise.resolve({ inserted: 0, updated: 0, deleted: 1, unchanged: 0, rejected: [] });
        },
      },
      consume: (request) => readAll(request, record({ offset: 40n, value: null })),
    });
    await drain({ ...deps, wallClock: () => new Date(0) }, TASK, NEVER);
    const { tombstoneWindowMs } = TASK.pipeline;
    assert.deepEqual(purged, [new Date(NOW.getTime() + tombstoneWindowMs)]);
  });

  test('says that it goes on where an earlier attempt has committed', async () => {
    const mine = ours(60n, { run: 'run-1', books: books(20) });
    for (const [committed, resumed] of [
      [mine, true],
      [ours(60n, { run: 'run-0', books: books(20) }), false],
    ] as const) {
      const { deps } = open({
        states: [topicState([{ committed }]), topicState([{ committed: ours(100n) }])],
        consume: (request) => readAll(request, record({ offset: 60n })),
      });
      const outcome = await drain(deps, TASK, NEVER);
      assert.deepEqual([outcome.resumed, outcome.records.read], [resumed, resumed ? 21 : 1]);
    }
  });

  test('lets a write that is still under way go no further when the reading has failed', async () => {
    let begun: (signal: AbortSignal) => void = () => undefined;
    const writing = new Promise<AbortSignal>((resolve) => {
      begun = resolve;
    });
    const failed = new Error('the connection broke');
    const { deps } = open({
      sink: {
        write: (_, signal) => {
          begun(signal);
          return new Promise(() => undefined);
        },
      },
      consume: async (request) => {
        void readAll(request);
        await writing;
        throw failed;
      },
    });
    await assert.rejects(drain(deps, TASK, NEVER), failed);
    assert.equal((await writing).aborted, true);
  });

  test('that hangs in a write gives no sign of life, however often its timers come', async () => {
    let hanging: () => void = () => undefined;
    const hangs = new Promise<void>((resolve) => {
      hanging = resolve;
    });
    const { deps, did, tick } = open({
      sink: {
        write: () => {
          hanging();
          return new Promise(() => undefined);
        },
      },
      consume: readAll,
    });
    void drain(deps, TASK, NEVER);
    await hangs;
    const before = did.length;
    for (let time = 0; time < 20; time += 1) await tick();
    assert.equal(did.length, before);
  });
});
