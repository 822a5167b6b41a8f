import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromExtendedJson } from '../../src/mongodb/extended-json.js';
import type { VersionOrder, WriteModel } from '../../src/mongodb/sink.js';
import { BASE_TIME, tombstone, upsert, type ModelOverrides } from '../mongodb/models.js';
import { booksOf, type SinkUnderTest, type Stored } from './sink-contract.js';

const NEVER = new AbortController().signal;
const NOTHING = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: 0 };

/** What every sink must do with other orders of versions, with deletes that leave nothing, and with ids of several fields. */
export function describeSinkVersionsContract(
  name: string,
  open: (order: VersionOrder) => Promise<SinkUnderTest>,
): void {
  async function writing(
    order: VersionOrder,
    ...batches: WriteModel[][]
  ): Promise<{ books: Record<string, number>; documents: Stored[] }> {
    await using target = await open(order);
    let books: Record<string, number> = {};
    for (const batch of batches) books = booksOf(await target.sink.write(batch, NEVER));
    return { books, documents: await target.documents() };
  }

  describe(`${name}: which version is newer by another order`, () => {
    const here = { partition: 'orders-5', offset: 500n, timestampMs: BASE_TIME + 1_000, epoch: 2 };
    const declared = { ...here, declared: 70n };
    const cases: [VersionOrder, string, ModelOverrides, ModelOverrides, boolean][] = [
      ['timestamp', 'the next offset at the same time', here, { ...here, offset: 501n }, true],
      ['timestamp', 'the next offset, earlier', here, { ...here, offset: 501n, timestampMs: BASE_TIME }, false],
      ['timestamp', 'the offset before, later', here, { ...here, offset: 1n, timestampMs: BASE_TIME + 2_000 }, true],
      ['timestamp', 'a greater partition at the same time', here, { ...here, partition: 'orders-6', offset: 1n }, true],
      ['timestamp', 'a lower epoch, later', here, { ...here, timestampMs: BASE_TIME + 9_999, epoch: 1 }, false],
      ['declared', 'a greater declared version, whatever the place', declared, { ...declared, offset: 1n, timestampMs: BASE_TIME, declared: 71n }, true],
      ['declared', 'a smaller declared version, whatever the place', declared, { ...declared, offset: 900n, timestampMs: BASE_TIME + 9_999, declared: 69n }, false],
      ['declared', 'the same declared version, later', declared, { ...declared, offset: 1n, timestampMs: BASE_TIME + 1_001 }, true],
      ['declared', 'the same declared version at the same time, at the next offset', declared, { ...declared, offset: 501n }, true],
      ['declared', 'a greater declared version in a lower epoch', declared, { ...declared, declared: 900n, epoch: 1 }, false],
    ]; // prettier-ignore
    for (const [order, title, first, second, isNewer] of cases) {
      test(`${order}: ${title} is ${isNewer ? 'newer' : 'older'}`, async () => {
        const fields = { here: { mark: 'here' }, other: { mark: 'other' } };
        const expected = isNewer ? 'other' : 'here';
        const [a, b] = [upsert(first, fields.here), upsert(second, fields.other)];
        const forth = await writing(order, [a], [b]);
        assert.deepEqual(forth.books, isNewer ? { ...NOTHING, updated: 1 } : { ...NOTHING, unchanged: 1 });
        assert.equal(forth.documents[0]?.['mark'], expected);
        const back = await writing(order, [b], [a]);
        assert.equal(back.documents[0]?.['mark'], expected);
      });
      test(`${order}: a tombstone of ${title} is ${isNewer ? 'newer' : 'older'}`, async () => {
        const { documents } = await writing(order, [upsert(first)], [tombstone(second)]);
        assert.equal((documents[0]?.['_kafka'] as Stored)['deleted'], isNewer || undefined);
        const { books } = await writing(order, [upsert(first)], [tombstone({ ...second, purgeAt: null })]);
        assert.deepEqual(books, isNewer ? { ...NOTHING, deleted: 1 } : { ...NOTHING, unchanged: 1 });
      });
    }

    test('a declared version is stored, and a replay changes nothing', async () => {
      const model = upsert({ declared: 7n });
      const { books, documents } = await writing('declared', [model], [model]);
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
      const { _kafka } = documents[0] as { _kafka: Stored };
      assert.deepEqual(Object.keys(_kafka), ['partition', 'offset', 'timestamp', 'version']);
      assert.equal(Number(_kafka['version']), 7);
    });

    test('a replayed tombstone keeps the purge time of the first', async () => {
      for (const order of ['timestamp', 'declared'] as const) {
        const purgeAt = new Date(BASE_TIME + 1_000_000);
        const first = tombstone({ declared: 7n, purgeAt });
        const second = tombstone({ declared: 7n, purgeAt: new Date(BASE_TIME + 2_000_000) });
        const { books, documents } = await writing(order, [first], [second]);
        assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
        assert.deepEqual((documents[0]?.['_kafka'] as Stored)['purgeAt'], purgeAt);
      }
    });

    test('a document stored without a declared version is older than any with one', async () => {
      const { books } = await writing(
        'declared',
        [upsert({ offset: 9n })],
        [upsert({ offset: 1n, declared: -5n })],
      );
      assert.deepEqual(books, { ...NOTHING, updated: 1 });
    });
  });

  describe(`${name}: deletes that leave nothing`, () => {
    const gone = (overrides: ModelOverrides = {}) => tombstone({ ...overrides, purgeAt: null });

    test('remove the document', async () => {
      const { books, documents } = await writing(
        'offset',
        [upsert(), upsert({ id: 'o-2' })],
        [gone({ offset: 2n })],
      );
      assert.deepEqual(books, { ...NOTHING, deleted: 1 });
      assert.deepEqual(documents.map(({ _id }) => _id), ['o-2']); // prettier-ignore
    });

    test('of an id that is not stored leave nothing and are unchanged', async () => {
      const { books, documents } = await writing('offset', [gone()]);
      assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
      assert.deepEqual(documents, []);
    });

    test('leave a document that is newer', async () => {
      for (const newer of [
        { offset: 3n },
        { partition: 'orders-9', timestampMs: BASE_TIME + 99 },
        { epoch: 2 },
      ]) {
        const { books, documents } = await writing('offset', [upsert(newer)], [gone({ offset: 2n })]);
        assert.deepEqual(books, { ...NOTHING, unchanged: 1 });
        assert.equal(documents.length, 1);
      }
    });

    test('remove a document that no drain wrote, and a marker that is left from before', async () => {
      await using target = await open('offset');
      await target.plant({ _id: 'o-1', foreign: true });
      assert.deepEqual(booksOf(await target.sink.write([gone()], NEVER)), { ...NOTHING, deleted: 1 });
      await target.sink.write([tombstone({ offset: 2n })], NEVER);
      await target.sink.write([gone({ offset: 3n })], NEVER);
      assert.deepEqual(await target.documents(), []);
    });

    test('stand beside upserts of other ids in one call, and the books balance', async () => {
      const ids = Array.from({ length: 300 }, (_, index) => `o-${index}`);
      const second = ids.map((id, index) =>
        index % 3 === 0 ? gone({ id, offset: 2n }) : upsert({ id, offset: index % 3 === 1 ? 2n : 1n }),
      );
      const { books, documents } = await writing('offset', ids.slice(0, 150).map((id) => upsert({ id })), second); // prettier-ignore
      assert.deepEqual(books, { ...NOTHING, inserted: 100, updated: 50, deleted: 50, unchanged: 100 });
      assert.equal(documents.length, 200);
    });
  });

  describe(`${name}: ids of several fields`, () => {
    const ids = [
      { shop: 'a', no: 1 },
      { shop: 'a', no: '1' },
      { shop: 'a', no: 2 },
      { no: 1, shop: 'a' },
      { shop: 'a', no: 2 ** 40 },
      { shop: 'a', no: 2n ** 60n },
      { shop: 'a', no: 2n ** 60n + 1n },
      { shop: 'a', no: true },
      { shop: '$a', no: -1.5 },
    ];

    test('are told apart by values, types and order of fields, and each is found again', async () => {
      const half = ids.slice(0, 4).map((id) => upsert({ id }));
      const all = ids.map((id) => upsert({ id, offset: 2n }));
      const mixed = [...half, ...half.map((_, index) => upsert({ id: index }))];
      const { books, documents } = await writing('offset', half, mixed, all);
      assert.deepEqual(books, { ...NOTHING, inserted: ids.length - half.length, updated: half.length });
      assert.equal(documents.length, ids.length + half.length);
    });

    test('are told apart as those of one field are, where JavaScript takes some for one', async () => {
      const digits = ['596e275826f08b2730779e1f', '596e275826f08b2730779e20', '596e275826f08b2730779e21'];
      const objectIds = digits.map((oid) => fromExtendedJson(`{"$oid":"${oid}"}`));
      const scalars = [...objectIds, 2n ** 60n, 2n ** 60n + 1n, 2n ** 60n + 2n, 2n ** 60n + 3n];
      const half = scalars.filter((_, index) => index % 2 === 0);
      const old = half.map((id) => upsert({ id }));
      // half of them new: next time the sink looks up which are stored
      const mixed = [...old, ...half.map((_, index) => upsert({ id: index }))];
      const all = scalars.map((id) => upsert({ id, offset: 2n }));
      const { books, documents } = await writing('offset', old, mixed, all);
      assert.deepEqual(books, { ...NOTHING, inserted: 3, updated: 4 });
      assert.equal(documents.length, scalars.length + half.length);
    });

    test('may be decimals, which are told apart beyond 64 bits and found again', async () => {
      const decimals = ['36893488147419103232', '36893488147419103233', '-9223372036854775809'].map(
        (digits) => fromExtendedJson(`{"$numberDecimal":"${digits}"}`),
      );
      const old = decimals.slice(0, 2).map((id) => upsert({ id }));
      const mixed = [...old, upsert({ id: 1 })];
      const all = decimals.map((id) => upsert({ id, offset: 2n }));
      const { books, documents } = await writing('offset', old, mixed, all);
      assert.deepEqual(books, { ...NOTHING, inserted: 1, updated: 2 });
      assert.equal(documents.length, 4);
      const gone = decimals.slice(1).map((id) => tombstone({ id, offset: 3n, purgeAt: null }));
      const removed = await writing('offset', all, gone);
      assert.deepEqual(removed.books, { ...NOTHING, deleted: 2 });
      assert.deepEqual(removed.documents.map(({ _id }) => String(_id)), ['36893488147419103232']); // prettier-ignore
    });

    test('are deleted by the same rule, with a marker or without', async () => {
      const models = ids.map((id) => upsert({ id }));
      const marked = await writing('offset', models, ids.slice(1).map((id) => tombstone({ id, offset: 2n }))); // prettier-ignore
      assert.deepEqual(marked.books, { ...NOTHING, deleted: ids.length - 1 });
      const removed = await writing('offset', models, ids.slice(1).map((id) => tombstone({ id, offset: 2n, purgeAt: null }))); // prettier-ignore
      assert.deepEqual(removed.documents.map(({ _id }) => _id), ids.slice(0, 1)); // prettier-ignore
    });
  });
}
