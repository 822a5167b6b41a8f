import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayWait } from '../../src/drain/attempt.js';
import { createRoom, type Room } from '../../src/drain/cut.js';
import { createHandle, type Handle, type HandleDeps } from '../../src/drain/handle.js';
import { openLedger, type Ledger } from '../../src/drain/ledger.js';
import type { BatchHandled, RecordBatch } from '../../src/kafka/source.js';
import { badOnes, books, ours, pipeline, plan, record, topicState } from './builders.js';

interface Built {
  handle: Handle;
  ledger: Ledger;
  room: Room;
  /** The offsets of each batch that was written. */
  written: bigint[][];
}

interface Given extends Partial<Pick<HandleDeps, 'endOf'>> {
  maxRecords?: number;
  /** The step that writes gets no further than this offset. */
  upTo?: bigint;
  committed?: bigint;
  /** How many records the run has committed. */
  readBefore?: number;
}

function build({
  maxRecords,
  readBefore = 0,
  upTo = 1_000n,
  committed,
  endOf = () => 100n,
}: Given = {}): Built {
  const written: bigint[][] = [];
  const now = committed === undefined ? {} : { committed: ours(committed) };
  const ledger = openLedger(pipeline(), plan(), 'run-1', topicState([now]));
  const room = createRoom(maxRecords ?? null, () => readBefore);
  const handle = createHandle({
    writeBatch: (records) => {
      written.push(records.map(({ offset }) => offset));
      const handled = records.filter(({ offset }) => offset < upTo).length;
      return Promise.resolve({ handled, books: books(handled) });
    },
    rules: pipeline(),
    ledger,
    room,
    endOf,
    markOf: ({ books: { counts } }) => `read ${String(counts.read)}`,
    prepared: () => undefined,
    clock: () => 0,
  });
  return { handle, ledger, room, written };
}

function batch(offsets: number[], nextOffset: number): RecordBatch {
  return {
    topic: 'orders',
    partition: 'orders-0',
    records: offsets.map((offset) => record({ offset: BigInt(offset) })),
    nextOffset: BigInt(nextOffset),
  };
}

const NEVER = new AbortController().signal;
const SIGNALS = { abandoned: NEVER, isStopping: () => false };

function shown({ commit, done }: BatchHandled): string {
  return `${commit === null ? 'nothing' : `${String(commit.offset)}, ${commit.metadata}`}${done ? ', done' : ''}`;
}

describe('a batch', () => {
  const cases: readonly (readonly [string, Given, RecordBatch, string, bigint[][]])[] = [
    ['is committed behind its last record', {}, batch([40, 41], 42), '42, read 2', [[40n, 41n]]],
    ['is committed behind what is invisible at its end', {}, batch([40, 41], 60), '60, read 2', [[40n, 41n]]],
    ['of nothing visible is committed, too', {}, batch([], 60), '60, read 0', [[]]],
    ['that reaches the end is the last', {}, batch([99], 100), '100, read 1, done', [[99n]]],
    [
      'that goes beyond the end is cut there',
      {},
      batch([98, 99, 100, 101], 102),
      '100, read 2, done',
      [[98n, 99n]],
    ],
    ['whose gap holds the end reaches it', {}, batch([98, 120], 121), '100, read 1, done', [[98n]]],
    [
      'has no end with until idle',
      { endOf: () => null },
      batch([98, 120], 121),
      '121, read 2',
      [[98n, 120n]],
    ],
    [
      'is committed up to the record that could not be handled',
      { upTo: 45n },
      batch([40, 44, 48], 60),
      '48, read 2',
      [[40n, 44n, 48n]],
    ],
    [
      'is committed only as far as maxRecords allows',
      { maxRecords: 2 },
      batch([40, 44, 48], 60),
      '48, read 2',
      [[40n, 44n]],
    ],
    [
      'of a partition that is finished is dropped',
      { committed: 100n },
      batch([99, 100], 101),
      'nothing, done',
      [],
    ],
  ];
  for (const [rule, given, given2, expected, offsets] of cases) {
    test(rule, async () => {
      const { handle, written } = build(given);
      assert.equal(shown(await handle(given2, SIGNALS)), expected);
      assert.deepEqual(written, offsets);
    });
  }

  test('is dropped when as many as maxRecords are committed, and its partition paused', async () => {
    const { handle, written } = build({ maxRecords: 2, readBefore: 2 });
    assert.equal(shown(await handle(batch([42], 43), SIGNALS)), 'nothing, done');
    assert.equal(written.length, 0);
  });

  test('is left for later where others are about to take the rest of maxRecords: their commits may fail', async () => {
    const { handle, room } = build({ maxRecords: 2 });
    room.take('orders-7', 2);
    assert.equal(shown(await handle(batch([40], 41), SIGNALS)), 'nothing');
    room.giveBack('orders-7');
    assert.equal(shown(await handle(batch([40], 41), SIGNALS)), '41, read 1');
  });

  test('has the room again that it took when its commit was refused', async () => {
    const { handle } = build({ maxRecords: 2 });
    for (let tries = 0; tries < 2; tries += 1)
      assert.equal(shown(await handle(batch([40, 41, 42], 43), SIGNALS)), '42, read 2');
  });

  test('that could not be written leaves the books as they were', async () => {
    const { ledger } = build();
    const failing = createHandle({
      writeBatch: () => Promise.reject(new Error('refused')),
      rules: pipeline(),
      ledger,
      room: createRoom(null, () => 0),
      endOf: () => 100n,
      markOf: () => '',
      prepared: () => undefined,
      clock: () => 0,
    });
    await assert.rejects(failing(batch([40], 41), SIGNALS), /refused/);
    ledger.committed('orders-0', 41n, '');
    assert.equal(ledger.totals().counts.read, 0);
  });
});

describe('bad records', () => {
  const rules = pipeline({
    deadLetters: { collection: 'd', tolerate: { count: 5, ratio: 1 }, expireAfterMs: null },
  });

  /** One batch with so many bad records, after a run that has had three in this partition already. */
  function handleBad(bad: number): Promise<BatchHandled> {
    const before = books(10, { inserted: 7, deadLettered: 3 });
    const now = { committed: ours(50n, { run: 'run-1', books: before, from: '40' }) };
    const ledger = openLedger(rules, plan(), 'run-1', topicState([now]));
    const handle = createHandle({
      writeBatch: (records, _, { tolerate } = {}) => {
        const handled = records.length;
        tolerate?.(badOnes(bad), handled);
        return Promise.resolve({ handled, books: books(handled) });
      },
      ...{ rules, ledger, room: createRoom(null, () => 0), endOf: () => 100n },
      markOf: () => '',
      prepared: () => undefined,
      clock: () => 0,
    });
    return handle(batch([50, 51, 52], 53), SIGNALS);
  }

  test('are tolerated up to the limit, those of earlier batches counted', async () => {
    for (const bad of [0, 2]) assert.equal((await handleBad(bad)).commit?.offset, 53n);
  });

  test('beyond it end the run before anything is committed', async () => {
    await assert.rejects(handleBad(3), {
      code: 'TOO_MANY_BAD',
      message: /^orders-0 offsets 50 up to 53: 6 records/,
    });
  });
});

test('what is about to be committed is told, with what is in it', async () => {
  const told: unknown[] = [];
  const handle = createHandle({
    writeBatch: ({ length }) => Promise.resolve({ handled: length, books: books(length) }),
    ...{ rules: pipeline(), ledger: build().ledger, room: createRoom(null, () => 0), endOf: () => 100n },
    markOf: ({ books: { counts } }) => `read ${String(counts.read)}`,
    prepared: (...what) => void told.push(what),
    clock: () => 0,
  });
  await handle(batch([40, 41], 42), SIGNALS);
  assert.deepEqual(told, [['orders-0', 'read 2', books(2)]]);
});

describe('the records of a batch', () => {
  /** How many of ten are handled where each takes a second, and the drain is told to stop during the one at the index. */
  async function handledOf(stopAt: number | null): Promise<bigint | undefined> {
    let nowMs = 0;
    let isStopping = false;
    const handle = createHandle({
      writeBatch: (records, _, { enough } = {}) => {
        const handled = records.findIndex((__, index) => {
          if (index > 0 && enough?.() === true) return true;
          nowMs += 1_000;
          isStopping ||= index === stopAt;
          return false;
        });
        const count = handled < 0 ? records.length : handled;
        return Promise.resolve({ handled: count, books: books(count) });
      },
      ...{ rules: pipeline(), ledger: build().ledger, room: createRoom(null, () => 0), endOf: () => 100n },
      ...{ markOf: () => '', prepared: () => undefined, clock: () => nowMs },
    });
    const ten = [40, 41, 42, 43, 44, 45, 46, 47, 48, 49];
    return (await handle(batch(ten, 50), { abandoned: NEVER, isStopping: () => isStopping })).commit?.offset;
  }

  test('are turned for five seconds at the longest before the commit of what is there', async () => {
    assert.equal(await handledOf(null), 45n);
  });

  test('wait for the next run from the one on during which the drain was told to stop', async () => {
    assert.equal(await handledOf(2), 43n);
  });

  test('wait for nothing where neither a transform nor a schema registry is asked', () => {
    const transform = () => ({ kind: 'fields', fields: {} }) as const;
    const schemas = { find: () => undefined, load: () => Promise.resolve() };
    assert.equal(mayWait({ schemas: null }), false);
    assert.equal(mayWait({ schemas: null, transform }), true);
    assert.equal(mayWait({ schemas }), true);
  });
});
