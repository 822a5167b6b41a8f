import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ObjectId } from 'mongodb';
import { resultOf } from '../../src/drain/transform-result.js';

function reasonOf(returned: unknown): string {
  const result = resultOf(returned);
  return result.kind === 'bad' ? `${result.stage}: ${result.code}: ${result.reason}` : result.kind;
}

class Order {
  total = 1;
}

function circular(): object {
  const document: Record<string, unknown> = {};
  document['self'] = { document };
  return document;
}

describe("a transform's result", () => {
  test('is a document where it is a plain object, taken as it is', () => {
    const document = { at: new Date(0), id: new ObjectId(), big: 5n, bytes: Buffer.from('x'), list: [{}] };
    const result = resultOf(document);
    assert.ok(result.kind === 'fields');
    assert.equal(result.fields, document);
    assert.equal(reasonOf(Object.create(null)), 'fields');
  });

  test('skips the record where it is nothing', () => {
    assert.deepEqual([reasonOf(null), reasonOf(undefined)], ['skip', 'skip']);
  });

  const NOT_PLAIN = [
    [[], 'an array'],
    ['text', 'a string'],
    [true, 'a boolean'],
    [() => 1, 'a function'],
    [new Order(), 'an object of a class'],
    [new Date(0), 'an object of a class'],
    [new Map(), 'an object of a class'],
    [Buffer.from('x'), 'an object of a class'],
    [{ _bsontype: 'Long' }, 'an object of a class'],
  ] as const;
  for (const [returned, what] of NOT_PLAIN) {
    test(`is a dead letter where it is ${what} (${typeof returned})`, () => {
      assert.equal(
        reasonOf(returned),
        `transform: TRANSFORM_RESULT: the transform returned ${what}, not a plain object`,
      );
    });
  }

  const UNSTORABLE: readonly [what: string, document: object, reason: RegExp][] = [
    ['a function', { a: () => 1 }, /function/],
    ['a date out of range', { a: new Date(NaN) }, /date is out of range/],
    ['an operator as its first name', { $set: { a: 1 } }, /begins with \$/],
    ['a NUL in a name', { 'a\0': 1 }, /NUL/],
    ['a name of the drivers', { a: { _bsontype: 'x' } }, /_bsontype/],
    ['an integer beyond 64 bits', { a: 2n ** 63n }, /64 bits/],
    ['circles', circular(), /levels/],
    ['a class that BSON does not know, with a field that throws', { get a() { throw new Error('x'); } }, /can't be read/], // prettier-ignore
    ['a lone surrogate in a text', { a: ['\ud800'] }, /lone surrogate/],
    ['a lone surrogate in a name', { a: { '\ud800': 1 } }, /lone surrogate/],
    ['a lone surrogate in a Map', { a: new Map([['b', '\ud800']]) }, /lone surrogate/],
  ];
  for (const [what, document, reason] of UNSTORABLE) {
    test(`is a dead letter where it holds ${what}`, () => {
      assert.match(reasonOf(document), reason);
      assert.match(reasonOf(document), /^transform: TRANSFORM_RESULT: /);
    });
  }
});
