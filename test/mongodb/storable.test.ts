import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BSON, Binary, Code, DBRef, Decimal128, Long, ObjectId } from 'mongodb';
import { measure } from '../../src/mongodb/storable.js';

test('the size is never less than the true one, and exact enough to slice by', () => {
  const values: Record<string, unknown>[] = [
    {},
    { text: 'x'.repeat(1_000), wide: '€'.repeat(1_000), short: '€', '€€': true, n: null, u: undefined },
    { list: Array.from({ length: 20_000 }, (_, index) => index), deep: { a: { b: [{}, [[]]] } } },
    { date: new Date(0), bytes: Buffer.alloc(300), binary: new Binary(Buffer.alloc(300)), long: 2n ** 62n },
    { decimal: Decimal128.fromString('1.5'), number: 1.5, integer: 7, wrapped: Long.fromNumber(5) },
  ];
  for (const value of values) {
    const exact = BSON.calculateObjectSize(value, { ignoreUndefined: false });
    const { bytes, fault } = measure(value);
    assert.equal(fault, null);
    assert.ok(bytes >= exact, `${bytes} < ${exact}`);
    assert.ok(bytes <= exact * 3 + 10, `${bytes} is far more than ${exact}`);
    assert.ok(measure(new Map(Object.entries(value))).bytes >= exact);
  }
});

test('what the driver or the server would refuse or change is found, at any depth and behind anything', () => {
  const faults: unknown[] = [
    { 'a\u0000': 1 },
    new Map([['a\u0000', 1]]),
    new Map([[1, 1]]),
    { _bsontype: 'Long' },
    { date: new Date(NaN) },
    { n: -(2n ** 63n) - 1n },
    { f: () => 1 },
    { s: Symbol('s') },
    // a vector whose padding isn't zero
    { vector: new Binary(Buffer.from([0x27, 0, 2]), Binary.SUBTYPE_VECTOR) },
    { code: new Code('x', { 'a\u0000b': 1 }) },
    { code: new Code('x', { at: new Date(NaN) }) },
    { reference: new DBRef('c', new ObjectId(), 'd', { at: new Date(NaN) }) },
  ];
  for (const fault of faults) {
    assert.notEqual(measure(fault).fault, null);
    assert.notEqual(measure({ a: [1, { b: [fault] }], z: 1 }).fault, null);
  }
});

test('faults do not quote the value', () => {
  assert.doesNotMatch(measure({ 'secret\u0000': 'secret' }).fault ?? 'secret', /secret/);
});
