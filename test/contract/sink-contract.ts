import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sink, WriteModel, WriteResult } from '../../src/mongodb/sink.js';
import { BASE_TIME, deadLetter, seededRandom, tombstone, upsert } from '../mongodb/models.js';

/** A document as it is stored: offsets as bigint, dates as Date. */
export type Stored = Record<string, unknown>;

/** A sink on an empty collection, and a way to look past it. */
export interface SinkUnderTest extends AsyncDisposable {
  sink: Sink;
  documents: () => Promise<Stored[]>;
  deadLetters: () => Promise<Stored[]>;
  /** Stores a document that no drain wrote. */
  plant: (document: Stored) => Promise<void>;
}

const NEVER = new AbortController().signal;

/** The books of a write call, the rejections as their number. */
export function booksOf({ rejected, ...counts }: WriteResult): Record<string, number> {
  return { ...counts, rejected: rejected.length };
}

const NOTHING = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: 0 };

/** What every sink must do, whatever it writes to. */
export function describeSinkContract(name: string, open: () => Promise<SinkUnderTest>): void {
  async function writing(
    ...batches: WriteModel[][]
  ): Promise<{ books: Record<string, number>; documents: Stored[] }> {
    await using target = await open();
    let books: Record<string, number> = {};
    for (const batch of batches) books = booksOf(await target.sink.write(batch, NEVER));
    return { books, documents: await target.documents() };
  }

  describe(`${name}: upserts`, () => {
    test('a record of a new id is stored as _id, its fields in order, and _kafka', async () => {
      const { books, documents } = await writing([
        upsert({ offset: 42n }, { z: 1, a: [{ b: null }], m: 'x' }),
      ]);
      assert.deepEqual(books, { ...NOTHING, inserted: 1 });
      const timestamp = new Date(BASE_TIME + 42);
      const _kafka = { partition: 'orders-0', offset: 42n, timestamp };
      assert.deepEqual(documents, [{ _id: 'o-1', z: 1, a: [{ b: null }], m: 'x', _kafka }]);
      assert.deepEqual(Object.keys(documents[0] ?? {}), ['_id', 'z', 'a', 'm', '_kafka']);
    });

    test('a newer record of the partition replaces the whole document', async () => {
      const { books, documents } = await writing(
        [upsert({ offset: 1n }, { old: true })],
        [upsert({ offset: 2n }, { fresh: true })],
      );
      assert.deepEqual(books, { ...NOTHING, updated: 1 });
      assert.deepEqual(Object.keys(documents[0] ?? {}), ['_id', 'fresh', '_kafka']);
    });

    test('a replayed record changes nothing', async () => {
      const { books } = await writing([upsert()], [upsert()]);
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
    });

    test('an older record of the partition is unchanged, also with a later timestamp', async () => {
      const older = upsert({ offset: 4n, timestampMs: BASE_TIME + 99_999 });
      const { books, documents } = await writing([upsert({ offset: 5n })], [older]);
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
      assert.equal(documents[0]?.['status'], 'at orders-0 5');
    });

    test('a replayed record that makes another document than the first time is written again', async () => {
      const { books, documents } = await writing([upsert({}, { before: 1 })], [upsert({}, { after: 1 })]);
      assert.deepEqual(books, { ...NOTHING, updated: 1 });
      assert.equal(documents[0]?.['after'], 1);
    });

    test('a call without models does nothing', async () => {
      assert.deepEqual(await writing([]), { books: NOTHING, documents: [] });
    });
  });

  describe(`${name}: which version is newer`, () => {
    const here = { partition: 'orders-5', offset: 500n, timestampMs: BASE_TIME + 1_000, epoch: 2 };
    const cases: [string, Parameters<typeof upsert>[0], boolean][] = [
      ['the next offset', { ...here, offset: 501n }, true],
      ['the offset before', { ...here, offset: 499n }, false],
      ['an offset beyond 2^53', { ...here, offset: 2n ** 60n + 1n }, true],
      [
        'another partition, later',
        { ...here, partition: 'orders-1', offset: 1n, timestampMs: BASE_TIME + 1_001 },
        true,
      ],
      [
        'another partition, earlier',
        { ...here, partition: 'orders-9', offset: 900n, timestampMs: BASE_TIME + 999 },
        false,
      ],
      [
        'another partition at the same time, greater name',
        { ...here, partition: 'orders-6', offset: 1n },
        true,
      ],
      [
        'another partition at the same time, smaller name',
        { ...here, partition: 'orders-4', offset: 900n },
        false,
      ],
      ['another partition without a timestamp', { ...here, partition: 'orders-9', timestampMs: -1 }, false],
      ['the same partition without a timestamp', { ...here, offset: 501n, timestampMs: -1 }, true],
      ['a higher epoch', { ...here, offset: 1n, timestampMs: BASE_TIME, epoch: 3 }, true],
      ['a lower epoch', { ...here, offset: 900n, timestampMs: BASE_TIME + 9_999, epoch: 1 }, false],
    ];
    for (const [title, other, isNewer] of cases) {
      test(`${title} is ${isNewer ? 'newer' : 'older'}`, async () => {
        const both = [upsert({ ...here }), upsert({ ...other })];
        const expected = `at ${(isNewer ? other : here)?.partition} ${(isNewer ? other : here)?.offset}`;
        const forth = await writing(both.slice(0, 1), both.slice(1));
        assert.deepEqual(forth.books, isNewer ? { ...NOTHING, updated: 1 } : { ...NOTHING, unchanged: 1 });
        assert.equal(forth.documents[0]?.['status'], expected);
        const back = await writing(both.slice(1), both.slice(0, 1));
        assert.equal(back.documents[0]?.['status'], expected);
      });
    }

    test('offsets are told apart also where a floating-point number could not', async () => {
      const large = 2n ** 60n;
      const { books, documents } = await writing(
        [upsert({ offset: large + 1n, timestampMs: BASE_TIME })],
        [upsert({ offset: large, timestampMs: BASE_TIME })],
      );
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
      assert.equal((documents[0]?.['_kafka'] as Stored)['offset'], large + 1n);
    });

    test('from the second epoch on it is stored', async () => {
      const { documents } = await writing([upsert({ epoch: 2 })]);
      assert.deepEqual(Object.keys(documents[0]?.['_kafka'] ?? {}), [
        'partition',
        'offset',
        'timestamp',
        'epoch',
      ]);
    });

    test('a document that no drain wrote is older than any record', async () => {
      for (const model of [upsert(), upsert({ timestampMs: -1 }), tombstone()]) {
        await using target = await open();
        await target.plant({ _id: 'o-1', foreign: true });
        await target.sink.write([model], NEVER);
        const [document] = await target.documents();
        assert.equal(document?.['foreign'], undefined);
        assert.notEqual(document?.['_kafka'], undefined);
      }
    });
  });

  describe(`${name}: tombstones`, () => {
    const purgeAt = new Date(BASE_TIME + 1_000_000);

    test('a tombstone leaves a marker with the reserved field alone', async () => {
      const { books, documents } = await writing([upsert()], [tombstone({ offset: 2n, purgeAt })]);
      assert.deepEqual(books, { ...NOTHING, deleted: 1 });
      const timestamp = new Date(BASE_TIME + 2);
      const _kafka = { partition: 'orders-0', offset: 2n, timestamp, deleted: true, purgeAt };
      assert.deepEqual(documents, [{ _id: 'o-1', _kafka }]);
    });

    test('a tombstone of an id that was never stored leaves a marker too', async () => {
      const { books, documents } = await writing([tombstone({ purgeAt })]);
      assert.deepEqual(books, { ...NOTHING, deleted: 1 });
      assert.equal(documents.length, 1);
    });

    test('a replayed tombstone is unchanged and keeps the purge time of the first', async () => {
      const later = tombstone({ purgeAt: new Date(BASE_TIME + 2_000_000) });
      const { books, documents } = await writing([tombstone({ purgeAt })], [later]);
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
      assert.deepEqual((documents[0]?.['_kafka'] as Stored)['purgeAt'], purgeAt);
    });

    test('a tombstone older than the stored record is unchanged', async () => {
      const { books, documents } = await writing([upsert({ offset: 3n })], [tombstone({ offset: 2n })]);
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
      assert.equal(documents[0]?.['status'], 'at orders-0 3');
    });

    test('a replayed older record does not bring a deleted document back', async () => {
      const { books, documents } = await writing([tombstone({ offset: 2n })], [upsert({ offset: 1n })]);
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
      assert.equal(documents[0]?.['status'], undefined);
    });

    test('a newer record brings it back, without traces of the tombstone', async () => {
      const { books, documents } = await writing([tombstone({ offset: 2n })], [upsert({ offset: 3n })]);
      assert.deepEqual(books, { ...NOTHING, updated: 1 });
      assert.deepEqual(Object.keys(documents[0]?.['_kafka'] ?? {}), ['partition', 'offset', 'timestamp']);
    });
  });

  describe(`${name}: ids`, () => {
    test('a text and the number it spells are two ids; each kind is found again', async () => {
      const ids = [
        '1',
        1,
        1.5,
        -7,
        2 ** 40,
        true,
        'true',
        '',
        'ünï\u0000',
        Buffer.from([0, 255]),
        Buffer.from('1'),
      ];
      const first = ids.map((id) => upsert({ id }));
      const second = ids.map((id) => upsert({ id, offset: 2n }));
      const { books, documents } = await writing(first, second, second);
      assert.deepEqual(books, { ...NOTHING, unchanged: ids.length });
      assert.equal(documents.length, ids.length);
    });
  });

  describe(`${name}: content`, () => {
    test('a record that cannot be stored is rejected and its neighbours are written', async () => {
      await using target = await open();
      const bad = upsert({ id: 'bad' }, { 'a\u0000b': 'secret' });
      const result = await target.sink.write([upsert({ id: 'one' }), bad, upsert({ id: 'two' })], NEVER);
      assert.deepEqual(booksOf(result), { ...NOTHING, inserted: 2, rejected: 1 });
      assert.equal(result.rejected[0]?.model, bad);
      assert.equal(result.rejected[0].code, 'NOT_STORABLE');
      assert.ok(!result.rejected[0].reason.includes('secret'));
      assert.ok(!result.rejected[0].reason.includes('a\u0000b'));
      assert.equal((await target.documents()).length, 2);
    });
  });

  describe(`${name}: large calls`, () => {
    test('thousands of mixed models: the books balance and every id ends at its newest version', async () => {
      await using target = await open();
      const random = seededRandom(7);
      const newest = new Map<string, WriteModel>();
      for (let round = 0; round < 4; round += 1) {
        const models = new Map<string, WriteModel>();
        for (let index = 0; index < 5_000; index += 1) {
          const id = `o-${Math.floor(random() * 8_000)}`;
          const offset = BigInt(Math.floor(random() * 1_000_000));
          models.set(id, random() < 0.2 ? tombstone({ id, offset }) : upsert({ id, offset }));
        }
        const result = await target.sink.write([...models.values()], NEVER);
        const { inserted, updated, deleted, unchanged, rejected } = booksOf(result) as typeof NOTHING;
        assert.equal(inserted + updated + deleted + unchanged + rejected, models.size);
        assert.equal(rejected, 0);
        for (const [id, model] of models) {
          const known = newest.get(id);
          if (known === undefined || known.version.offset < model.version.offset) newest.set(id, model);
        }
      }
      const documents = await target.documents();
      assert.equal(documents.length, newest.size);
      for (const document of documents) {
        const model = newest.get(String(document['_id']));
        assert.equal((document['_kafka'] as Stored)['offset'], model?.version.offset);
        assert.equal((document['_kafka'] as Stored)['deleted'] === true, model?.kind === 'delete');
      }
    });
  });

  describe(`${name}: dead letters`, () => {
    test('a dead letter keeps place, cause and bytes', async () => {
      await using target = await open();
      await target.sink.writeDeadLetters([deadLetter()], NEVER);
      const [stored] = await target.deadLetters();
      assert.equal(stored?.['_id'], 'drain-orders|orders-3@1|17');
      assert.equal(stored['offset'], 17n);
      assert.equal(stored['code'], 'NOT_JSON');
      assert.deepEqual(stored['timestamp'], new Date(BASE_TIME));
      assert.deepEqual(stored['run'], deadLetter().run);
    });

    test('a dead letter that is there already stays as it was first written', async () => {
      await using target = await open();
      await target.sink.writeDeadLetters([deadLetter({ reason: 'first' })], NEVER);
      const again = [deadLetter({ reason: 'second' }), deadLetter({ offset: 18n })];
      await target.sink.writeDeadLetters(again, NEVER);
      const stored = await target.deadLetters();
      assert.deepEqual(stored.map((letter) => letter['offset']).sort(), [17n, 18n]);
      assert.equal(stored.find((letter) => letter['offset'] === 17n)?.['reason'], 'first');
    });
  });

  describe(`${name}: being stopped`, () => {
    test('a call whose signal is aborted rejects with the reason and reports nothing as written', async () => {
      await using target = await open();
      const reason = new Error('asked to stop');
      const signal = AbortSignal.abort(reason);
      await assert.rejects(target.sink.write([upsert()], signal), (error) => error === reason);
      await assert.rejects(target.sink.writeDeadLetters([deadLetter()], signal), (error) => error === reason);
    });
  });
}
