import { setTimeout as sleep } from 'node:timers/promises';
import type {
  BatchHandled,
  PartitionName,
  PartitionStart,
  RecordBatch,
  Source,
} from '../../src/kafka/source.js';

/** How a test handles what a source hands out. */
export interface ConsumingOptions {
  /** Where each partition is done; all reached: the reading is stopped. */
  ends: ReadonlyMap<number, bigint>;
  metadata?: (batch: RecordBatch) => string;
  /** In place of committing the whole batch. */
  handle?: (batch: RecordBatch) => Promise<BatchHandled> | BatchHandled;
  stopAtEnd?: boolean;
  signal?: AbortSignal;
}

/** The number in a partition's name: the tests read one topic. */
export function numberOf(name: PartitionName): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}

/** A running `consume` and all that was seen of it. Values are copied while they are valid. */
export interface Consuming {
  batches: { partition: number; records: readonly { offset: bigint }[]; nextOffset: bigint }[];
  values: (partition: number) => (string | null)[];
  /** As the listener was told last. */
  committed: Map<number, bigint>;
  owned: () => readonly number[];
  /** What the listener heard, without fetches. */
  heard: string[];
  signs: { fetching: number; fetched: number; interrupted: number };
  ended: Promise<void>;
  abort: () => void;
  stop: () => Promise<void>;
  /** Resolves when all ends are committed and the reading has ended without error. */
  drained: () => Promise<void>;
}

export function fromStart(topic: string, partitions: number): PartitionStart[] {
  return Array.from({ length: partitions }, (_, partition) => ({
    topic,
    partition,
    start: { offset: 0n, metadata: 'start', replaces: null },
  }));
}

export function startConsuming(
  source: Source,
  partitions: readonly PartitionStart[],
  options: ConsumingOptions,
): Consuming {
  const controller = new AbortController();
  const values = new Map<number, (string | null)[]>();
  const batches: Consuming['batches'] = [];
  const committed = new Map<number, bigint>();
  const heard: string[] = [];
  const signs = { fetching: 0, fetched: 0, interrupted: 0 };
  let owned: readonly number[] = [];
  const isDrained = (): boolean =>
    [...options.ends].every(([partition, end]) => (committed.get(partition) ?? -1n) >= end);
  const handle = async (batch: RecordBatch): Promise<BatchHandled> => {
    const { nextOffset } = batch;
    const partition = numberOf(batch.partition);
    batches.push({ partition, nextOffset, records: batch.records.map(({ offset }) => ({ offset })) });
    const seen = values.get(partition) ?? [];
    values.set(partition, seen);
    for (const { value } of batch.records) seen.push(value?.toString() ?? null);
    if (options.handle !== undefined) return options.handle(batch);
    const metadata = options.metadata?.(batch) ?? '';
    const done = batch.nextOffset >= (options.ends.get(partition) ?? 0n);
    return { commit: { offset: batch.nextOffset, metadata }, done };
  };
  const ended = source.consume({
    partitions,
    handle,
    signal: AbortSignal.any([controller.signal, ...(options.signal ? [options.signal] : [])]),
    listener: {
      assigned: (list) => {
        owned = list.map(numberOf);
        heard.push(`assigned ${owned.join(',')}`);
      },
      fetching: () => void (signs.fetching += 1),
      fetched: () => void (signs.fetched += 1),
      interrupted: () => void (signs.interrupted += 1),
      committed: (name, offset, metadata) => {
        const partition = numberOf(name);
        committed.set(partition, offset);
        heard.push(`committed ${partition} ${String(offset)} ${metadata}`);
        if ((options.stopAtEnd ?? true) && isDrained()) controller.abort();
      },
    },
  });
  ended.catch(() => undefined);
  const abort = (): void => controller.abort();
  return {
    ...{ batches, committed, heard, signs, ended, abort },
    values: (partition) => values.get(partition) ?? [],
    owned: () => owned,
    stop: () => {
      abort();
      return ended;
    },
    drained: async () => {
      await ended;
      if (!isDrained()) throw new Error(`ended before the end: ${[...committed].map(String).join(' ')}`);
    },
  };
}

/** Only bounds a wait that would never end. */
const LIMIT_MS = 60_000;

export async function untilTrue(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > LIMIT_MS) throw new Error(`waited too long for: ${what}`);
    await sleep(10);
  }
}
