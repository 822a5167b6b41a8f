import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp, type Db } from 'mongodb';
import { createBsonPassage } from '../../src/mongodb/raw-bson.js';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { booksOf } from '../contract/sink-contract.js';
import { bsonOf } from '../support/bson.js';
import { stackFromEnvironment } from '../support/stack.js';
import { rawUpsert, seededRandom, tombstone, upsert } from './models.js';
import { openTarget } from './target.js';
import type { Target } from './target.js';

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;

function open(prepare?: (db: Db) => Promise<unknown>): Promise<Target> {
  return openTarget(stackFromEnvironment().mongodb, prepare);
}

/** The stored documents as they lie on the server, by id. */
async function bytesById({ collection }: Target): Promise<Map<string, string>> {
  const documents = await collection.find({}, { raw: true }).sort({ _id: 1 }).toArray();
  const buffers = documents as unknown as Buffer[];
  return new Map(buffers.map((bytes, index) => [String(index), bytes.toString('hex')]));
}

async function fieldNames({ collection }: Target): Promise<unknown> {
  const names = { $map: { input: { $objectToArray: '$$ROOT' }, in: '$$this.k' } };
  const [found] = await collection.aggregate([{ $project: { _id: 0, names } }]).toArray();
  return found?.['names'];
}

/** Inserts the models, replays them, spoils what is stored and lets a last replay repair it. */
async function assertReplaysAreByteForByte(models: WriteModel[]): Promise<void> {
  await using target = await open();
  await target.sink.write(models, NEVER);
  const before = await bytesById(target);
  assert.equal(before.size, models.length);
  const again = await target.sink.write(models, NEVER);
  assert.equal(again.unchanged, models.length);
  assert.deepEqual(await bytesById(target), before);
  await target.collection.updateMany({}, { $set: { spoilt: true } });
  const repaired = await target.sink.write(models, NEVER);
  assert.equal(repaired.updated, models.length);
  assert.deepEqual(await bytesById(target), before);
}

/** An upsert of BSON that is taken as it is. */
function taken(id: string, ...fields: [name: string, value: unknown][]): WriteModel {
  const { toBson } = createBsonPassage({ maxBytes: MIB, maxDepth: 100, maxKeys: 1_000 });
  const raw = toBson(bsonOf(...fields));
  assert.ok(raw !== null);
  return rawUpsert(upsert({ id }), raw);
}

describe('stored documents', () => {
  test('a replay stores the same bytes, whether it inserts or merges', () =>
    assertReplaysAreByteForByte([
      upsert({ id: 'plain' }, { b: 1, a: { z: [1, 2.5, null, 'x'], y: {} }, t: true }),
      upsert({ id: 'integer names' }, { '10': 'ten', '2': 'two', b: { '1': 1, a: 2 } }),
      upsert({ id: 'ordered integer names' }, new Map<string, unknown>([['b', 1], ['10', 2], ['2', new Map([['z', 1], ['1', 2]])]])), // prettier-ignore
      upsert(
        { id: 'operators' },
        { a: 1, $set: { x: '$y' }, 'a.b': '$$ROOT', '': 0, b: { $gt: 1, 'c.d': 2 } },
      ),
      taken('integer names as they were', ['b', 1], ['10', 2], ['2', { z: 1, '1': 2 }]),
      upsert({ id: 'references' }, { a: 1, $ref: 'orders', $id: 2, $db: 'x' }),
      upsert(
        { id: 'proto' },
        JSON.parse('{"a":1,"__proto__":{"b":2},"constructor":3}') as Record<string, unknown>,
      ),
      upsert(
        { id: 'timestamps of zero further within' },
        { a: { t: new Timestamp(0n) }, l: [new Timestamp(0n)] },
      ),
      upsert({ id: 'bytes' }, { value: Buffer.from([0, 1, 255]) }),
      upsert({ id: 'second epoch', epoch: 2 }, { a: 1 }),
      upsert({ id: 'no time', timestampMs: -1 }, { a: 1 }),
    ]));

  test('integer-like names stay behind _id', async () => {
    await using target = await open();
    await target.sink.write([upsert({}, { '7': 1, '3': 2, a: 3 })], NEVER);
    assert.deepEqual(await fieldNames(target), ['_id', '3', '7', 'a', '_kafka']);
  });

  test('the order that a Map gives is kept', async () => {
    await using target = await open();
    await target.sink.write([upsert({}, new Map([['a', 3], ['7', 1], ['3', 2]]))], NEVER); // prettier-ignore
    assert.deepEqual(await fieldNames(target), ['_id', 'a', '7', '3', '_kafka']);
  });
});

describe('content that cannot be stored', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const bad: [string, Record<string, unknown>, string][] = [
    ['a name with NUL', { 'a\u0000': 1 }, 'NOT_STORABLE'],
    ['a deep name with NUL', { a: [{ 'b\u0000': 1 }] }, 'NOT_STORABLE'],
    ['_bsontype', { _bsontype: 'ObjectId', id: 'x' }, 'NOT_STORABLE'],
    ['a deep _bsontype', { a: { _bsontype: 'Nonsense' } }, 'NOT_STORABLE'],
    ['an operator as first name', { $set: { a: 1 } }, 'NOT_STORABLE'],
    ['a date out of range', { at: new Date(NaN) }, 'NOT_STORABLE'],
    ['a timestamp of zero, which the server would set', { at: new Timestamp(0n) }, 'NOT_STORABLE'],
    ['an integer beyond 64 bits', { n: 2n ** 63n }, 'NOT_STORABLE'],
    ['a function', { f: () => 1 }, 'NOT_STORABLE'],
    ['181 levels', { v: nested(180) }, 'NOT_STORABLE'],
    ['100,000 levels', { v: JSON.parse('[ '.repeat(100_000) + ']'.repeat(100_000)) }, 'NOT_STORABLE'],
    ['a circle', circular, 'NOT_STORABLE'],
    ['its own _kafka', { _kafka: {} }, 'NOT_STORABLE'],
    ['its own _id', { _id: 'other' }, 'NOT_STORABLE'],
    ['more than 15 MiB', { v: 'x'.repeat(15 * MIB) }, 'TOO_LARGE'],
    ['far more than 16 MiB', { v: ['x'.repeat(20 * MIB), 'x'.repeat(20 * MIB)] }, 'TOO_LARGE'],
  ];
  for (const [title, fields, code] of bad) {
    test(`${title}: ${code}, and the neighbours are written`, async () => {
      await using target = await open();
      for (const offset of [1n, 2n]) {
        const models = ['first', 'bad', 'last'].map((id) =>
          upsert({ id, offset }, id === 'bad' ? fields : { offset }),
        );
        const result = await target.sink.write(models, NEVER);
        assert.deepEqual(
          result.rejected.map(({ model, code: given }) => [model.id, given]),
          [['bad', code]],
        );
        assert.equal(result.inserted + result.updated, 2);
      }
      assert.deepEqual(
        (await target.documents()).map((document) => document['_id']),
        ['first', 'last'],
      );
    });
  }

  test('180 levels, a million names and 15 MiB are stored, by insert and by merge', async () => {
    await using target = await open();
    const names = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`n${index}`, 0]));
    const good = [
      { v: nested(179) },
      names,
      { v: 'x'.repeat(15 * MIB - 1_000) },
      { v: 'ü'.repeat(7.4 * MIB) },
    ];
    for (const offset of [1n, 2n]) {
      const models = good.map((fields, index) => upsert({ id: `good-${index}`, offset }, fields));
      const result = await target.sink.write(models, NEVER);
      assert.deepEqual(result.rejected, []);
      assert.equal(offset === 1n ? result.inserted : result.updated, good.length);
    }
  });

  test('large documents share no command that would exceed 16 MiB', async () => {
    await using target = await open();
    for (const offset of [1n, 2n]) {
      const models = Array.from({ length: 40 }, (_, index) => {
        const v = (index % 10 === 0 ? 'x' : '€').repeat(index % 10 === 0 ? 6 * MIB : 0.7 * MIB);
        return upsert({ id: `large-${index}`, offset }, { v });
      });
      const result = await target.sink.write(models, NEVER);
      assert.equal(offset === 1n ? result.inserted : result.updated, 40);
    }
  });
});

describe('a schema validator', () => {
  const withValidator = (db: Db) =>
    db.createCollection('orders', {
      validator: { $or: [{ amount: { $gte: 0 } }, { '_kafka.deleted': true }] },
    });

  test('the record it refuses is rejected, by insert and by merge, and all others are written', async () => {
    await using target = await open(withValidator);
    for (const offset of [1n, 2n]) {
      const models = Array.from({ length: 300 }, (_, index) =>
        upsert({ id: `o-${index}`, offset }, { amount: index % 70 === 69 ? -1 : index, secret: 'secret' }),
      );
      const result = await target.sink.write(models, NEVER);
      assert.deepEqual(
        result.rejected.map(({ model }) => model.id),
        ['o-69', 'o-139', 'o-209', 'o-279'],
      );
      assert.ok(result.rejected.every(({ code }) => code === 'VALIDATION_FAILED'));
      assert.ok(result.rejected.every(({ reason }) => !reason.includes('secret')));
      assert.equal(result.inserted + result.updated + result.unchanged, 296);
    }
    assert.equal(await target.collection.countDocuments({ '_kafka.offset': 2 }), 296);
  });

  test('a stored document that would become invalid keeps its version', async () => {
    await using target = await open(withValidator);
    await target.sink.write([upsert({ offset: 1n }, { amount: 1 })], NEVER);
    const result = await target.sink.write([upsert({ offset: 2n }, { amount: -1 })], NEVER);
    assert.deepEqual(booksOf(result), { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: 1 });
    assert.equal((await target.documents())[0]?.['amount'], 1);
  });
});

describe('a second unique index', () => {
  const withIndex = (db: Db) =>
    db.collection('orders').createIndex({ email: 1 }, { unique: true, sparse: true, name: 'one_email' }, {});
  const person = (id: string, offset: bigint, email: string) => upsert({ id, offset }, { email });

  test('a duplicate is rejected with the name of its index and without the value', async () => {
    await using target = await open(withIndex);
    await target.sink.write([person('a', 1n, 'secret@x'), upsert({ id: 'b' }, {})], NEVER);
    for (const id of ['b', 'c']) {
      const result = await target.sink.write(
        [person(id, 2n, 'secret@x'), upsert({ id: `${id}-next` }, {})],
        NEVER,
      );
      assert.deepEqual(booksOf(result), { inserted: 1, updated: 0, deleted: 0, unchanged: 0, rejected: 1 });
      assert.equal(result.rejected[0]?.code, 'DUPLICATE_KEY');
      assert.match(result.rejected[0].reason, /one_email/);
      assert.doesNotMatch(result.rejected[0].reason, /secret/);
    }
  });

  test('a value that another record of the call frees is stored', async () => {
    await using target = await open(withIndex);
    await target.sink.write([person('a', 1n, 'x'), person('b', 1n, 'y')], NEVER);
    const result = await target.sink.write([person('c', 2n, 'y'), person('b', 2n, 'z')], NEVER);
    assert.deepEqual(booksOf(result), { inserted: 1, updated: 1, deleted: 0, unchanged: 0, rejected: 0 });
  });

  test('a duplicate in an older record is unchanged, not rejected: a newer version is stored', async () => {
    await using target = await open(withIndex);
    await target.sink.write([person('a', 1n, 'x'), person('b', 5n, 'y')], NEVER);
    const result = await target.sink.write([person('b', 4n, 'x')], NEVER);
    assert.deepEqual(booksOf(result), { inserted: 0, updated: 0, deleted: 0, unchanged: 1, rejected: 0 });
  });
});

describe('seeded mixes of content', () => {
  for (const seed of [1, 2, 3]) {
    test(`the books balance and each good record is stored (seed ${seed})`, async () => {
      await using target = await open((db) =>
        db.collection('orders').createIndex({ u: 1 }, { unique: true, sparse: true }, {}),
      );
      const random = seededRandom(seed);
      for (let offset = 1n; offset <= 6n; offset += 1n) {
        const models: WriteModel[] = Array.from({ length: 1_500 }, (_, index) => {
          const id = `o-${index}`;
          const kind = random();
          if (kind < 0.1) return tombstone({ id, offset });
          if (kind < 0.15) return upsert({ id, offset }, { 'a\u0000': 1 });
          return upsert({ id, offset }, kind < 0.2 ? { u: Math.floor(random() * 50) } : { n: index });
        }).filter(() => random() < 0.8);
        const result = await target.sink.write(models, NEVER);
        const { inserted, updated, deleted, unchanged, rejected } = result;
        assert.equal(inserted + updated + deleted + unchanged + rejected.length, models.length);
        // All offsets are new, so that nothing can be unchanged but what a refused statement had already applied.
        const stored = await target.collection.countDocuments({ '_kafka.offset': Number(offset) });
        assert.equal(stored, models.length - rejected.length);
        assert.ok(rejected.every(({ code }) => code === 'NOT_STORABLE' || code === 'DUPLICATE_KEY'));
      }
    });
  }
});
