import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import { record } from './builders.js';
import { createFakeSink, type FakeSinkOptions } from './fake-sink.js';
import { outcomes, stored, TOLERATE_NONE, write } from './write-batch-cases.js';

interface Case {
  rule: string;
  records: string;
  sink?: FakeSinkOptions;
  rules?: Partial<PipelineSettings>;
  stored: string;
  calls: string[];
  outcomes: Record<string, number>;
}

const CASES: readonly Case[] = [
  {
    rule: 'the newest record of each id is written, the rest are coalesced',
    records: 'a1 b2 a3 a4',
    stored: 'a4 b2',
    calls: ['documents 4,2'],
    outcomes: { inserted: 2, coalesced: 2 },
  },
  {
    rule: 'a tombstone is written like any other newest record',
    records: 'a1 a2- b3- b4',
    stored: 'a2- b4',
    calls: ['documents 2,4'],
    outcomes: { inserted: 1, deleted: 1, coalesced: 2 },
  },
  {
    rule: 'dead letters known by decoding are stored before any document',
    records: 'a1! b2 a3! c4!',
    stored: 'b2',
    calls: ['dead letters 1,3,4', 'documents 2'],
    outcomes: { inserted: 1, deadLettered: 3 },
  },
  {
    rule: 'a bad record as the newest of its id leaves the next older one to be written',
    records: 'a1 a2 a3!',
    stored: 'a2',
    calls: ['dead letters 3', 'documents 2'],
    outcomes: { inserted: 1, coalesced: 1, deadLettered: 1 },
  },
  {
    rule: 'a record that the sink refuses as the newest of its id is replaced by the next older one',
    records: 'a1 b2 a3 a4',
    sink: { refuses: [4n] },
    stored: 'a3 b2',
    calls: ['documents 4,2', 'documents 3', 'dead letters 4'],
    outcomes: { inserted: 2, coalesced: 1, deadLettered: 1 },
  },
  {
    rule: 'refused one after the other, all of an id may be dead letters',
    records: 'a1 a2 b3',
    sink: { refuses: [1n, 2n] },
    stored: 'b3',
    calls: ['documents 2,3', 'documents 1', 'dead letters 2,1'],
    outcomes: { inserted: 1, deadLettered: 2 },
  },
  {
    rule: 'a refused record behind the newest is never sent, and counts as coalesced',
    records: 'a1 a2',
    sink: { refuses: [1n] },
    stored: 'a2',
    calls: ['documents 2'],
    outcomes: { inserted: 1, coalesced: 1 },
  },
  {
    rule: 'known dead letters come before the documents, refused ones after them',
    records: 'a1! b2 c3',
    sink: { refuses: [3n] },
    stored: 'b2',
    calls: ['dead letters 1', 'documents 2,3', 'dead letters 3'],
    outcomes: { inserted: 1, deadLettered: 2 },
  },
  {
    rule: 'tombstones that a rule ignores are skipped',
    records: 'a1 a2- b3-',
    rules: { deletes: 'ignore' },
    stored: 'a1',
    calls: ['documents 1'],
    outcomes: { inserted: 1, skipped: 2 },
  },
  {
    rule: 'a batch of dead letters alone writes no document',
    records: 'a1! b2!',
    stored: '',
    calls: ['dead letters 1,2'],
    outcomes: { deadLettered: 2 },
  },
  {
    rule: 'tolerate none: everything before the bad record is written, and nothing behind it',
    records: 'a1 b2 a3! c4',
    rules: TOLERATE_NONE,
    stored: 'a1 b2',
    calls: ['documents 1,2'],
    outcomes: { inserted: 2 },
  },
  {
    rule: 'tolerate none: only what lies before a record that the sink refuses is counted',
    records: 'a1 b2 a3 c4 d5',
    sink: { refuses: [4n] },
    rules: TOLERATE_NONE,
    stored: 'a3 b2 d5',
    calls: ['documents 3,2,4,5', 'documents 3,2'],
    outcomes: { unchanged: 2, coalesced: 1 },
  },
  {
    rule: 'tolerate none: the first of several refused records counts',
    records: 'a1 b2 b3 c4',
    sink: { refuses: [4n, 2n, 3n] },
    rules: TOLERATE_NONE,
    stored: 'a1',
    calls: ['documents 1,3,4', 'documents 2', 'documents 1'],
    outcomes: { unchanged: 1 },
  },
  {
    rule: 'tolerate none: the first refused record counts although the sink names a later one first',
    records: 'a1 b2 c3 b4',
    sink: { refuses: [3n, 4n] },
    rules: TOLERATE_NONE,
    stored: 'a1 b2',
    calls: ['documents 1,4,3', 'documents 2', 'documents 1,2'],
    outcomes: { unchanged: 2 },
  },
];

describe('a batch', () => {
  for (const { rule, records, sink: options, rules, stored: wanted, calls, outcomes: counted } of CASES) {
    test(rule, async () => {
      const sink = createFakeSink(options);
      assert.deepEqual(outcomes(await write(sink, records, rules)), counted);
      assert.equal(stored(sink), wanted);
      assert.deepEqual(sink.calls, calls);
    });
  }

  test('of nothing asks nothing of the sink', async () => {
    const sink = createFakeSink();
    assert.deepEqual(await write(sink, []), {
      handled: 0,
      books: { counts: (await write(sink, [])).books.counts, bytes: 0 },
    });
    assert.deepEqual(sink.calls, []);
  });

  test('counts the bytes of keys and values of what it handled', async () => {
    const { books } = await write(createFakeSink(), [
      record({ key: 'ab', value: '{}' }),
      record({ offset: 2n, key: 'é', value: null }),
    ]);
    assert.equal(books.bytes, 2 + 2 + 2);
  });

  test('a second time changes nothing, and says so', async () => {
    const sink = createFakeSink();
    await write(sink, 'a1 b2- c3! a4');
    const before = stored(sink);
    assert.deepEqual(outcomes(await write(sink, 'a1 b2- c3! a4')), {
      unchanged: 2,
      coalesced: 1,
      deadLettered: 1,
    });
    assert.equal(stored(sink), before);
    assert.equal(sink.letters.length, 1);
  });

  test('an older batch after a newer one moves nothing back and resurrects nothing', async () => {
    const sink = createFakeSink();
    await write(sink, 'a5 b6-');
    assert.deepEqual(outcomes(await write(sink, 'a1 b2')), { unchanged: 2 });
    assert.equal(stored(sink), 'a5 b6-');
  });

  test('is given to the sink as a whole, and counted', async () => {
    const sink = createFakeSink({ refuses: [1n, 9_000n] });
    const records = Array.from({ length: 9_000 }, (_, i) =>
      record({ key: `o-${String(i)}`, offset: BigInt(i + 1) }),
    );
    assert.deepEqual(outcomes(await write(sink, records)), { inserted: 8_998, deadLettered: 2 });
    assert.deepEqual(
      sink.calls.map((call) => call.split(',').length),
      [9_000, 2],
    );
  });
});
