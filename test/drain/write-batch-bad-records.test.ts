import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BatchWritten } from '../../src/drain/write-batch.js';
import { DrainError } from '../../src/errors.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { record, seededRandom } from './builders.js';
import type { Sink } from '../../src/mongodb/sink.js';
import { createFakeSink, type FakeSinkOptions } from './fake-sink.js';
import { outcomes, recordsOf, RUN, stored, TOLERATE_NONE, write } from './write-batch-cases.js';

describe('a failure of the sink', () => {
  const failing = (at: string) =>
    createFakeSink({
      refuses: [3n],
      before: (call) => {
        if (call === at) throw new DrainError('MONGODB_UNAVAILABLE', 'away');
      },
    });
  const cases: readonly (readonly [string, string, string[]])[] = [
    [
      'while dead letters are stored keeps the documents from being written',
      'dead letters 1',
      ['dead letters 1'],
    ],
    ['while documents are written ends the batch', 'documents 2,3', ['dead letters 1', 'documents 2,3']],
    [
      'while the rest of the dead letters is stored ends the batch',
      'dead letters 3',
      ['dead letters 1', 'documents 2,3', 'dead letters 3'],
    ],
  ];
  for (const [what, at, calls] of cases) {
    test(what, async () => {
      const sink = failing(at);
      await assert.rejects(write(sink, 'a1! b2 c3'), { code: 'MONGODB_UNAVAILABLE' });
      assert.deepEqual(sink.calls, calls);
    });
  }
});

describe('how many records of a batch are bad', () => {
  const tooMany = new DrainError('TOO_MANY_BAD', 'too many');
  const most = (limit: number) => ({
    tolerate: ({ length }: { length: number }) => {
      if (length > limit) throw tooMany;
    },
  });

  test('is asked before any dead letter or document is written', async () => {
    const sink = createFakeSink();
    await assert.rejects(write(sink, 'a1! b2 c3!', {}, most(1)), tooMany);
    assert.deepEqual(sink.calls, []);
  });

  test('counts those that the sink refuses, before they become dead letters', async () => {
    const sink = createFakeSink({ refuses: [2n, 3n] });
    await assert.rejects(write(sink, 'a1! b2 c3', {}, most(2)), tooMany);
    assert.deepEqual(sink.calls, ['dead letters 1', 'documents 2,3']);
    await write(sink, 'a1! b2 c3', {}, most(3));
    assert.equal(sink.letters.length, 3);
  });

  test('is asked about the records that are handled, not about those that a batch leaves for the next', async () => {
    const asked: [bad: number, of: number][] = [];
    const tolerate = ({ length }: { length: number }, of: number) => void asked.push([length, of]);
    let turned = 0;
    const enough = () => (turned += 1) === 3;
    const { handled } = await write(createFakeSink(), 'a1! b2 c3 d4! e5', {}, { tolerate, enough });
    assert.equal(handled, 3);
    assert.deepEqual(asked, [
      [1, 3],
      [1, 3],
    ]);
  });
});

describe('a record that is not tolerated, when it is the first', () => {
  const cases: readonly (readonly [string, string, FakeSinkOptions, RegExp])[] = [
    [
      'fails because it cannot be decoded',
      'a7! b8',
      {},
      /^orders-0 offset 7: .*\(NOT_JSON\).*group "drain-orders" for orders-0 to 8/,
    ],
    [
      'fails because the sink refuses it',
      'a7 b8',
      { refuses: [7n] },
      /^orders-0 offset 7: .*\(VALIDATION_FAILED\).*tolerate: all/,
    ],
  ];
  for (const [what, records, options, message] of cases) {
    test(what, async () => {
      const sink = createFakeSink(options);
      await assert.rejects(write(sink, records, TOLERATE_NONE), (error) => {
        assert.ok(error instanceof DrainError);
        assert.deepEqual([error.code, error.retryable], ['BAD_RECORD', false]);
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual(sink.letters, []);
    });
  }
});

test('a dead letter has coordinates, cause and bytes of its record, and points to the run', async () => {
  const sink = createFakeSink();
  const bad = record({
    partition: 3,
    offset: 17n,
    key: 'k',
    value: Buffer.from([0x7b, 0xff]),
    headers: [{ name: 'h', value: null }],
  });
  await write(sink, [bad], { epoch: 2 });
  assert.deepEqual(sink.letters, [
    {
      id: 'drain-orders|orders-3@2|17',
      pipeline: 'orders',
      topic: 'orders',
      partition: 3,
      offset: 17n,
      timestampMs: bad.timestampMs,
      epoch: 2,
      stage: 'decode',
      code: 'NOT_UTF8',
      reason: 'the value is not valid UTF-8',
      run: RUN,
      key: bad.key,
      value: bad.value,
      headers: bad.headers,
    },
  ]);
});

for (const [code, stage] of [
  ['TOO_LARGE', 'validate'],
  ['NOT_STORABLE', 'validate'],
  ['VALIDATION_FAILED', 'validate'],
  ['DUPLICATE_KEY', 'write'],
  ['WRITE_REFUSED', 'write'],
] as const)
  test(`a document that is refused as ${code} is a dead letter of the stage ${stage}`, async () => {
    const sink = createFakeSink();
    const refusing: Sink = {
      ...sink,
      write: (models) => {
        const rejected = models.map((model) => ({ model, code, reason: 'refused' }));
        return Promise.resolve({ inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected });
      },
    };
    await write(refusing, 'a1');
    assert.deepEqual(
      sink.letters.map((letter) => letter.stage),
      [stage],
    );
  });

describe('random batches', () => {
  const random = seededRandom(99);
  const below = (bound: number) => Math.floor(random() * bound);

  /** What must be stored in the end: per id the newest record that is neither broken nor refused. */
  function fold(records: readonly KafkaRecord[], refuses: readonly bigint[]): string {
    const newest = new Map<string, string>();
    for (const { key, value, offset } of records) {
      if (value?.includes('broken') === true || refuses.includes(offset)) continue;
      newest.set(String(key), `${String(key)}${String(offset)}${value === null ? '-' : ''}`);
    }
    return [...newest.values()].sort().join(' ');
  }

  for (const tolerate of ['all', 'none'] as const) {
    test(`tolerate ${tolerate}: the books balance and the newest good record of each id is stored, 300 times`, async () => {
      for (let round = 0; round < 300; round += 1) {
        const words = Array.from(
          { length: 1 + below(30) },
          (_, i) => `${'abcd'[below(4)] ?? ''}${String(i + 1)}${['', '', '', '-', '!'][below(5)] ?? ''}`,
        );
        const records = recordsOf(words.join(' '));
        const refuses = records.flatMap(({ offset }) => (random() < 0.15 ? [offset] : []));
        const sink = createFakeSink({ refuses });
        const rules = { deadLetters: { collection: 'd', tolerate, expireAfterMs: null } };
        let rest = records;
        while (rest.length > 0) {
          const written = await write(sink, rest, rules).catch((error: unknown) => error);
          if (written instanceof DrainError) assert.equal(written.code, 'BAD_RECORD');
          else outcomes(written as BatchWritten);
          // A bad record that isn't tolerated is skipped by its operator.
          rest = rest.slice(written instanceof DrainError ? 1 : (written as BatchWritten).handled);
        }
        assert.equal(stored(sink), fold(records, refuses));
      }
    });
  }
});
