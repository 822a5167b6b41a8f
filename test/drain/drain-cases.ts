import type { DrainDeps, DrainTask } from '../../src/drain/attempt.js';
import type { Books } from '../../src/drain/books.js';
import type { DrainPhase } from '../../src/contract.js';
import type {
  CommittedOffset,
  ConsumeRequest,
  RecordBatch,
  Source,
  LogState,
  PartitionName,
} from '../../src/kafka/source.js';
import type { Sink } from '../../src/mongodb/sink.js';
import { NOW, ORDERS_0, ours, pipeline, plan, record, topicState } from './builders.js';
import { createFakeSink } from './fake-sink.js';

export const NEVER: AbortSignal = new AbortController().signal;
export const TASK: DrainTask = {
  pipeline: pipeline(),
  plan: plan(),
  run: { workflowId: 'drain/orders-2026-01-02', runId: 'run-1', attempt: 1 },
  budgetMs: 60_000,
  stopByMs: 62_000,
};

export interface World {
  deps: DrainDeps;
  /** What the drain asked of source and sink, and its signs of life. */
  did: string[];
  /** The phase in each sign of life. */
  phases: DrainPhase[];
  /** What it counted of each commit. */
  counted: Books[];
  /** How many timers are set. */
  timers: () => number;
  /** Lets every timer of the drain come once, at the given time on the monotonic clock. */
  tick: (nowMs?: number) => Promise<void>;
}

interface Given {
  sink?: Partial<Sink>;
  /** What the broker says, first and last. */
  states?: [LogState, LogState];
  committed?: ReadonlyMap<PartitionName, CommittedOffset>;
  consume: (request: ConsumeRequest) => Promise<void>;
}

export function open({ sink = {}, states, committed = new Map(), consume }: Given): World {
  const did: string[] = [];
  const phases: DrainPhase[] = [];
  const counted: Books[] = [];
  const inspected = [...(states ?? [topicState(), topicState([{ committed: ours(100n) }])])];
  const timers = new Set<() => void | Promise<void>>();
  let now = 0;
  const source: Source = {
    inspect: () => {
      did.push('inspect');
      return Promise.resolve(inspected.shift() ?? topicState());
    },
    offsetsAt: () => Promise.resolve(new Map()),
    committed: () => {
      did.push('committed');
      return Promise.resolve(committed);
    },
    consume: (request) => {
      did.push('consume');
      return consume(request);
    },
    close: () => Promise.resolve(),
  };
  const deps: DrainDeps = {
    source,
    sink: { ...createFakeSink(), ...sink },
    schemas: null,
    clock: () => now,
    every: (_, action) => {
      timers.add(action);
      return () => timers.delete(action);
    },
    wallClock: () => NOW,
    counted: (books) => void counted.push(books),
    report: (progress) => {
      did.push('alive');
      phases.push(progress().phase);
    },
  };
  const tick = async (nowMs = now): Promise<void> => {
    now = nowMs;
    for (const timer of timers) await timer();
  };
  return { deps, did, phases, counted, timers: () => timers.size, tick };
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });

/** What the source does with a batch: hands it out, and tells of its commit. */
export async function handleAndCommit(
  { handle, listener }: Pick<ConsumeRequest, 'handle' | 'listener'>,
  batch: RecordBatch,
): Promise<bigint> {
  const { commit } = await handle(batch);
  const { offset, metadata } = commit ?? { offset: -1n, metadata: '' };
  listener.committed(batch.partition, offset, metadata);
  return offset;
}

/** One fetch that takes so long and brings nothing, and the next one. */
export async function hearNothing(
  { listener }: Pick<ConsumeRequest, 'listener'>,
  tick: World['tick'],
  untilMs: number,
): Promise<void> {
  listener.fetching();
  await tick(untilMs);
  listener.fetched(0);
  listener.fetching();
  await tick();
}

/** Reads the plan's one partition to its end, where it holds one record. */
export async function readAll(
  { handle, listener, signal }: ConsumeRequest,
  only = record({ offset: 40n }),
): Promise<void> {
  listener.assigned(['orders-0']);
  const batch = { ...ORDERS_0, records: [only], nextOffset: 100n };
  await handleAndCommit({ handle, listener }, batch);
  if (!signal.aborted) await aborted(signal);
}
