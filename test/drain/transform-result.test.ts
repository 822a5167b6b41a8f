import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { BSON, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, Double, Int32, Long, MaxKey, ObjectId, Timestamp, UUID } from 'mongodb'; // prettier-ignore
import { resultOf } from '../../src/drain/transform-result.js';

function reasonOf(returned: unknown): string {
  const result = resultOf(returned);
  return result.kind === 'bad' ? `${result.stage}: ${result.code}: ${result.reason}` : result.kind;
}

const NUL = String.fromCharCode(0);

class Order {
  total = 1;
}

class Money {
  toBSON() {
    return 1;
  }
}

/** As another major version of BSON's package makes it. */
class Foreign {
  bytes = Buffer.alloc(16);
  get _bsontype() {
    return 'Decimal128';
  }
  get [Symbol.for('@@mdb.bson.version')]() {
    return 6;
  }
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

  test('may hold whatever the driver stores as what it is', () => {
    const id = new ObjectId();
    const kinds: readonly unknown[] = [null, true, 'text', 1, 1.5, 5n, new Date(7), Buffer.from('x'), new Uint8Array([1]), /a.b/gim, [[]], {},
      Object.create(null), new Map([['2', 1], ['b', { c: new Map([['d', 2]]) }] as never]), id, Long.fromNumber(5), new Double(1),
      new Int32(1), Decimal128.fromString('1.10'), new UUID(), new Timestamp({ t: 1, i: 2 }), new MaxKey(), new BSONSymbol('a'),
      new BSONRegExp('a', 'x'), new Code('x', { a: 1 }), new DBRef('c', id, 'd', { a: 1 })]; // prettier-ignore
    for (const a of kinds) {
      assert.equal(reasonOf({ a, nested: [{ a }] }), 'fields', inspect(a));
      const stored: unknown = BSON.deserialize(BSON.serialize({ a }), { bsonRegExp: false })['a'];
      if (a instanceof RegExp) assert.equal(String(stored), String(a));
      if (a instanceof Map) assert.equal(JSON.stringify(stored), '{"2":1,"b":{"c":{"d":2}}}');
    }
  });

  test('may hold types of another copy of the same version of BSON', () => {
    class Copy {
      declare _bsontype: string;
    }
    const originals: readonly { prototype: object }[] = [BSON.BSONValue, Double];
    for (const { prototype } of originals) {
      Object.defineProperties(Copy.prototype, Object.getOwnPropertyDescriptors<object>(prototype));
    }
    const copy = Object.assign(new Copy(), { value: 1.5 });
    assert.ok(!(copy instanceof BSON.BSONValue));
    assert.deepEqual(BSON.deserialize(BSON.serialize({ copy })), { copy: 1.5 });
    assert.equal(reasonOf({ copy }), 'fields');
  });

  const ALTERED: readonly [value: unknown, reason: string][] = [
    [new Number(1), 'a value is an object of the class Number'],
    [Object(2n ** 70n), 'a value is an object of the class BigInt'],
    [new Order(), 'a value is an object of the class Order'],
    [new (class extends Order {})(), 'a value is an object of a class'],
    [new Set([1]), 'a value is an object of the class Set'],
    [new URL('http://secret'), 'a value is an object of the class URL'],
    [Promise.resolve(1), 'a value is an object of the class Promise'],
    [new Float32Array(1), 'a value is an object of the class Float32Array'],
    [new Uint8ClampedArray(1), 'a value is an object of the class Uint8ClampedArray'],
    [new ArrayBuffer(1), 'a value is an object of the class ArrayBuffer'],
    [new Money(), 'an object has a method toBSON'],
    [Object.defineProperty({}, 'toBSON', { value: () => 1 }), 'an object has a method toBSON'],
    [/a/u, 'a regular expression has flags that MongoDB does not store'],
    [new RegExp(`a${NUL}`), 'a regular expression contains a NUL character'],
    [Symbol('secret'), "a symbol can't be stored"],
    [new BSONSymbol(5 as never), "a value of BSON's own can't be stored"],
    [new Foreign(), "a value is of another version of BSON's types: take them from the driver that kafka-drain uses"],
    [new Code('x', { a: new Set() }), 'a value is an object of the class Set'],
    [new DBRef('c', new ObjectId(), 'd', { a: new Set() }), 'a value is an object of the class Set'],
    [new Map([[1, 1]]), "a field's name isn't a text"],
    [new Map([['a', new Set()]]), 'a value is an object of the class Set'],
  ]; // prettier-ignore
  for (const [value, reason] of ALTERED) {
    test(`is a dead letter where it would be stored as something else: ${reason}`, () => {
      for (const document of [{ a: value }, { a: [{ b: value }] }]) {
        assert.equal(
          reasonOf(document),
          `transform: TRANSFORM_RESULT: the transform returned a document that can't be stored: ${reason}`,
        );
      }
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
