import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DrainDeps, DrainTask } from '../../src/drain/attempt.js';
import { drain } from '../../src/drain/drain.js';
import type { CommittedOffset, ConsumeRequest, Source, TopicState } from '../../src/kafka/source.js';
import type { Sink } from '../../src/mongodb/sink.js';
import { NOW, ours, pipeline, plan, record, topicState } from './builders.js';
import { createFakeSink } from './fake-sink.js';

const NEVER = new AbortController().signal;
const TASK: DrainTask = {
  pipeline: pipeline(),
  plan: plan(),
  run: { workflowId: 'drain/orders-2026-01-02', runId: 'run-1', attempt: 1 },
  budgetMs: 60_000,
  stopByMs: 62_000,
};

interface World {
  deps: DrainDeps;
  /** What the drain asked of source and sink, and its signs of life. */
  did: string[];
  /** Lets every timer of the drain come once. */
  tick: () => Promise<void>;
}

interface Given {
  sink?: Partial<Sink>;
  /** What the broker says, first and last. */
  states?: [TopicState, TopicState];
  committed?: ReadonlyMap<number, CommittedOffset>;
  consume: (request: ConsumeRequest) => Promise<void>;
}

function open({ sink = {}, states, committed = new Map(), consume }: Given): World {
  const did: string[] = [];
  const inspected = [...(states ?? [topicState(), topicState([{ committed: ours(100n) }])])];
  const timers: (() => void | Promise<void>)[] = [];
  const source: Source = {
    inspect: () => {
      did.push('inspect');
      return Promise.resolve(inspected.shift() ?? topicState());
    },
    offsetsAt: () => Promise.resolve(new Map()),
    committed: () => Promise.resolve(committed),
    consume: (request) => {
      did.push('consume');
      return consume(request);
    },
    close: () => Promise.resolve(),
  };
  const deps: DrainDeps = {
    source,
    sink: { ...createFakeSink(), ...sink },
    clock: () => 0,
    every: (_, action) => {
      timers.push(action);
      return () => undefined;
    },
    wallClock: () => NOW,
    report: () => void did.push('alive'),
  };
  const tick = async (): Promise<void> => {
    for (const timer of timers) await timer();
  };
  return { deps, did, tick };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });

/** Reads the plan's one partition to its end. */
async function readAll({ handle, listener, signal }: ConsumeRequest): Promise<void> {
  listener.assigned([0]);
  const batch = { partition: 0, records: [record({ offset: 40n })], nextOffset: 100n };
  const { commit } = await handle(batch);
  listener.committed(0, commit?.offset ?? -1n, commit?.metadata ?? '');
  if (!signal.aborted) await aborted(signal);
}

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
      committed: new Map([[0, ours(100n)]]),
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
