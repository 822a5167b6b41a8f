import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Binary, ObjectId } from 'mongodb';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { booksOf } from '../contract/sink-contract.js';
import { stackFromEnvironment } from '../support/stack.js';
import { BASE_TIME, tombstone, upsert } from './models.js';
import { openTarget, type Target } from './target.js';

const NEVER = new AbortController().signal;

function open(): Promise<Target> {
  return openTarget(stackFromEnvironment().mongodb);
}

/** As MongoDB's sink connector writes them: without `_kafka`, integers of JSON as 64-bit ones. */
describe('a document that something else wrote under an object as its id', () => {
  test('is replaced where the id has the same fields in the same order, whatever types their numbers have', async () => {
    await using target = await open();
    await target.plant({ _id: { shop: 'a', no: 7n }, by: 'connector' });
    await target.plant({ _id: { id: 1n }, by: 'connector' });
    const models = [
      upsert({ id: { shop: 'a', no: 7 } }, { by: 'us' }),
      upsert({ id: { id: 1 } }, { by: 'us' }),
    ];
    const result = await target.sink.write(models, NEVER);
    assert.deepEqual([result.inserted, result.updated], [0, 2]);
    assert.deepEqual(
      (await target.documents()).map(({ by }) => by),
      ['us', 'us'],
    );
  });

  test('gets the id of its fields by one aggregation, into another collection', async () => {
    await using target = await open();
    await target.plant({ _id: new ObjectId(), orderId: 7n, by: 'connector' });
    const rekey = [{ $set: { _id: { orderId: '$orderId' } } }, { $out: 'orders_by_id' }];
    await target.collection.aggregate(rekey).toArray();
    const [stored] = await target.db.collection('orders_by_id').find().toArray();
    assert.deepEqual(stored?._id, { orderId: 7n });
  });

  test('stays beside the new one where their order is another, and an aggregation shows which orders there are', async () => {
    await using target = await open();
    await target.plant({ _id: { no: 7n, shop: 'a' }, by: 'connector' });
    const result = await target.sink.write([upsert({ id: { shop: 'a', no: 7 } }, { by: 'us' })], NEVER);
    assert.deepEqual([result.inserted, result.updated], [1, 0]);
    const names = { $map: { input: { $objectToArray: '$_id' }, in: '$$this.k' } };
    const orders = [{ $group: { _id: names, documents: { $sum: 1 } } }, { $sort: { _id: 1 } }];
    const found = await target.collection.aggregate(orders).toArray();
    assert.deepEqual(found.map(({ _id: order }) => order as unknown), [['no', 'shop'], ['shop', 'no']]); // prettier-ignore
  });
});

describe('ids of every kind', () => {
  const bytes = Buffer.from('c8edabc3f7384ca3b68dab92a91478a3', 'hex');
  const at = (ms: number) => new Date(BASE_TIME + ms);
  const ids: unknown[] = [
    'text',
    7,
    2.5,
    true,
    at(0),
    at(1),
    bytes,
    new Binary(bytes, 4),
    new Binary(bytes, 3),
    new ObjectId(),
    { a: 1, b: { c: at(0) } },
    { a: 1, b: { c: at(1) } },
    { b: { c: at(0) }, a: 1 },
    { a: null },
    {},
  ];

  test('are inserted, found again, replaced and deleted, each as itself', async () => {
    await using target = await open();
    const writing = async (models: WriteModel[]) => booksOf(await target.sink.write(models, NEVER));
    const upserts = (offset: bigint) => ids.map((id) => upsert({ id, offset }));
    const none = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: 0 };
    assert.deepEqual(await writing(upserts(1n)), { ...none, inserted: ids.length });
    assert.deepEqual(await writing(upserts(1n)), { ...none, unchanged: ids.length });
    assert.deepEqual(await writing(upserts(2n)), { ...none, updated: ids.length });
    const deletes = ids.map((id) => tombstone({ id, offset: 3n }));
    assert.deepEqual(await writing(deletes), { ...none, deleted: ids.length });
    assert.equal(await target.collection.countDocuments(), ids.length);
  });
});
