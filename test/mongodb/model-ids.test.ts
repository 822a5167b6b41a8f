import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { isItem, prepare } from '../../src/mongodb/documents.js';
import type { Item } from '../../src/mongodb/documents.js';
import { indexIds, indexOfDocument, isIdFirst } from '../../src/mongodb/id-index.js';
import { hashOfIdKey, isSameId } from '../../src/mongodb/model-ids.js';
import { toInserts } from '../../src/mongodb/raw-documents.js';
import { rawUpsertOf, recycleModels } from '../../src/mongodb/raw-upsert.js';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { bsonOf } from '../support/bson.js';
import { rawFieldsOf, rawUpsert, rawUpsertInPlace, upsert, version } from './models.js';

const FIELDS = rawFieldsOf(bsonOf(['n', 1]));

const inPlace = (id: string, offset?: bigint) => rawUpsertInPlace(id, FIELDS, offset);

const made = (id: string) => rawUpsert({ ...upsert({ id }), idKey: id }, FIELDS);

function itemOf(model: WriteModel): Item {
  const item = prepare(model);
  assert.ok(isItem(item));
  return item;
}

const documentOf = (model: WriteModel): string =>
  Buffer.from(toInserts([itemOf(model)]).toBin()).toString('hex');

describe('an id that stays in the bytes of its record', () => {
  test('is the same id as the text', () => {
    for (const id of ['o-1', '', 'x'.repeat(64)]) {
      const [place, text] = [inPlace(id), made(id)];
      assert.deepEqual([place.id, place.idKey], [id, id]);
      assert.equal(hashOfIdKey(place), hashOfIdKey(text));
      for (const one of [place, text])
        for (const other of [inPlace(id), made(id)]) assert.equal(isSameId(one, other), true);
      assert.equal(documentOf(place), documentOf(text));
      assert.ok(place.bytes >= documentOf(place).length / 2 + 2 * id.length, 'room for all of it');
    }
  });

  test('is no other, be it as long or the beginning of it', () => {
    for (const [one, other] of [
      ['o-1', 'o-2'],
      ['o-1', 'o-10'],
      ['', 'o'],
    ] as const)
      // prettier-ignore
      for (const a of [inPlace(one), made(one)])
        for (const b of [inPlace(other), made(other)])
          assert.equal(isSameId(a, b) || isSameId(b, a), false, `${one} and ${other}`);
  });

  test('is found in documents, and told from others', () => {
    const ids = ['o-1', 'o-2', 'o-10', ''];
    const index = indexIds(ids.map((id) => itemOf(inPlace(id))));
    ids.forEach((id, at) => {
      assert.equal(indexOfDocument(index, bsonOf(['_id', id], ['n', 1]), 0), at);
      assert.equal(isIdFirst(bsonOf(['_id', id]), 0, inPlace(id)), true);
    });
    for (const id of ['o-3', 'o-', 'o-100', 7, null]) {
      assert.equal(indexOfDocument(index, bsonOf(['_id', id]), 0), -1);
      assert.equal(isIdFirst(bsonOf(['_id', id]), 0, inPlace('o-1')), false);
    }
    assert.equal(
      isIdFirst(bsonOf(['_id', 'é']), 0, made('Ã©')),
      false,
      'the same numbers, as bytes and as characters',
    );
  });
});

describe('a model that is used again', () => {
  test('has nothing of the one before', () => {
    const declared = { big: 'x'.repeat(1_000) };
    const { partition, epoch, ...place } = version();
    const first = rawUpsertOf({ id: { id: { a: 1 }, idKey: 'c:1' }, partition, epoch, place, declared, fields: FIELDS }); // prettier-ignore
    assert.ok(first.bytes > 1_000);
    recycleModels([null, first]);
    const second = inPlace('o-2', 9n);
    assert.equal(second, first, 'it is used again');
    assert.ok(second.bytes < 1_000, 'what it takes is measured anew');
    assert.deepEqual(
      [second.id, second.idKey, second.declared, second.offset],
      ['o-2', 'o-2', undefined, 9n],
    );
    recycleModels([second]);
    const third = made('ü');
    assert.equal(third, first);
    assert.deepEqual([third.id, third.isIdInPlace, BSON.calculateObjectSize({ _id: third.id })], ['ü', false, 17]); // prettier-ignore
  });

  test('is nobody’s in between: it holds on to nothing', () => {
    const model = inPlace('o-1');
    recycleModels([model]);
    assert.deepEqual([model.id, model.buffer.length, model.idBytes.length], ['', 0, 0]);
    inPlace('o-1');
  });

  test('is no model of other making', () => {
    const other: WriteModel = { kind: 'delete', id: 'o-1', idKey: 'o-1', version: version(), purgeAt: null };
    recycleModels([other]);
    assert.equal(other.id, 'o-1');
  });
});
