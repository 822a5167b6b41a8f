import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Double, Int32, Long, ObjectId } from 'mongodb';
import { isItem, prepare, type Item } from '../../src/mongodb/documents.js';
import { indexIds, indexOfDocument } from '../../src/mongodb/id-index.js';
import { bsonOf } from '../support/bson.js';
import { upsert } from './models.js';

/** The index of the item that is found for the id of a document, which is behind another one. */
function finderOf(ids: readonly unknown[]): (id: unknown) => number {
  const items = ids.map((id) => prepare(upsert({ id }))).filter((item): item is Item => isItem(item));
  assert.equal(items.length, ids.length);
  const index = indexIds(items);
  return (id) => {
    const before = bsonOf(['_id', ids[0]]);
    return indexOfDocument(index, Buffer.concat([before, bsonOf(['_id', id], ['n', 1])]), before.length);
  };
}

describe('items by their ids', () => {
  test('are found among thousands, whatever the texts have in common', () => {
    const ids = Array.from({ length: 4_000 }, (_, n) => `o-${String(n)}`);
    const find = finderOf([...ids, '', 'o-', 'O-1', 'o-1\u0000']);
    ids.forEach((id, index) => {
      assert.equal(find(id), index);
    });
    assert.deepEqual(['', 'o-', 'O-1', 'o-1\u0000'].map(find), [4_000, 4_001, 4_002, 4_003]);
    assert.deepEqual(['o-4000', 'o-1 ', 'o', 'o-\u00001'].map(find), [-1, -1, -1, -1]);
  });

  test('are found where they are no ASCII', () => {
    const ids = ['é', 'e\u0301', '😀', 'ü'.repeat(300), 'x\u007f', 'x\u0080'];
    const find = finderOf(ids);
    assert.deepEqual(ids.map(find), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(['è', 'Ã©', 'x\u0081', '?'].map(find), [-1, -1, -1, -1]);
  });

  test('are one number whatever its type, and no text', () => {
    const find = finderOf([
      '7',
      7,
      2n ** 53n + 1n,
      true,
      new ObjectId('65a000000000000000000001'),
      { a: 1, b: 'é' },
    ]);
    assert.deepEqual([new Int32(7), new Double(7), Long.fromNumber(7)].map(find), [1, 1, 1]);
    assert.equal(find('7'), 0);
    assert.equal(find(Long.fromString('9007199254740993')), 2);
    assert.equal(find(Long.fromString('9007199254740992')), -1);
    assert.equal(find(true), 3);
    assert.equal(find(new ObjectId('65a000000000000000000001')), 4);
    assert.equal(find({ a: 1, b: 'é' }), 5);
    assert.equal(find({ b: 'é', a: 1 }), -1);
  });

  test('are not looked for where no server has an id that is a text', () => {
    const items = [prepare(upsert({ id: 'a' }))].filter(isItem);
    assert.equal(indexOfDocument(indexIds(items), bsonOf(['n', 1], ['_id', 'a']), 0), -1);
  });

  test('are none where there is none', () => {
    assert.equal(finderOf([])('a'), -1);
  });
});
