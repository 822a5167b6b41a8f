import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Decimal128 } from 'mongodb';
import { compile } from '../../src/registry/compile.js';

const LIMITS = { maxDepth: 100, maxKeys: 100_000 };

/** The value, the fault, or why the schema can't be used. */
function decoded(
  schema: unknown,
  bytes: readonly number[] | Buffer,
  references: readonly unknown[] = [],
): unknown {
  const named = references.map((reference, index) => ({
    name: String(index),
    text: JSON.stringify(reference),
  }));
  const entry = compile({ type: 'AVRO', text: JSON.stringify(schema), references: named });
  if (entry.kind !== 'usable') return entry;
  const payload = entry.decode(Buffer.from(bytes), [], LIMITS);
  return payload.kind === 'value' ? payload.value : payload.fault;
}

const record = (name: string, fields: Record<string, unknown>, more: object = {}) => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  ...more,
});

describe('names in an Avro schema', () => {
  test('may have letters of any language, as in Java, and hyphens', () => {
    const row = record('Value', { größe: 'int' });
    const schema = record(
      'Envelope',
      { before: ['null', row], after: ['null', 'Value'] },
      { namespace: 'my-server.public.straße' },
    );
    assert.deepEqual(decoded(schema, [0, 2, 2]), { before: null, after: { größe: 1 } });
  });

  test('are looked up in the namespace around them, then in none', () => {
    const outer = record('Inner', { v: 'int' });
    const other = record('z.Inner', { w: 'int', again: 'Own' });
    const own = record('Own', { o: 'int' }, { namespace: 'z' });
    const schema = record(
      'Order',
      { a: record('Inner', { x: 'int' }), b: 'Inner', c: 'z.Inner', d: 'Alone' },
      { namespace: 'x.y' },
    );
    assert.deepEqual(decoded(schema, [2, 4, 6, 8, 10], [outer, own, other, record('Alone', { n: 'int' })]), {
      a: { x: 1 },
      b: { x: 2 },
      c: { w: 3, again: { o: 4 } },
      d: { n: 5 },
    });
  });

  test('may be defined twice, by two references of one subject, if the definitions are the same', () => {
    const person = record('x.Person', { n: 'int' });
    const order = record('Order', { who: 'x.Person' });
    assert.deepEqual(decoded(order, [2], [person, person]), { who: { n: 1 } });
    assert.deepEqual(decoded(order, [2], [person, record('x.Person', { n: 'long' })]), {
      kind: 'unusable',
      reason: 'x.Person is defined twice',
    });
  });

  test('of fields are data: __proto__, constructor, default', () => {
    const fields = ['__proto__', 'constructor', 'default', 'type', 'name', 'logicalType'];
    const schema = record('R', Object.fromEntries(fields.map((name) => [name, 'int'])));
    const value = decoded(schema, [2, 2, 2, 2, 2, 2]) as object;
    assert.deepEqual(Object.keys(value).sort(), fields.sort());
  });
});

describe('a type', () => {
  test('may be wrapped in an object, and have attributes that nobody knows', () => {
    const schema = record('R', { a: { type: { type: 'string', 'avro.java.string': 'String' }, x: 1 } });
    assert.deepEqual(decoded(schema, [2, 0x61]), { a: 'a' });
  });

  test('may contain itself through unions, arrays and maps', () => {
    const tree = record('T', {
      next: ['null', 'T'],
      list: { type: 'array', items: 'T' },
      map: { type: 'map', values: 'T' },
    });
    const leaf = [0, 0, 0];
    assert.deepEqual(decoded(tree, [2, ...leaf, 2, ...leaf, 0, 2, 2, 0x61, ...leaf, 0]), {
      next: { next: null, list: [], map: {} },
      list: [{ next: null, list: [], map: {} }],
      map: { a: { next: null, list: [], map: {} } },
    });
    assert.equal(decoded(record('T', { t: 'T' }), [2]), 'TOO_DEEP');
  });

  test('of which two records have the same fields is told apart by the index in the union', () => {
    const union = [record('A', { v: 'int' }), record('B', { v: 'string' })];
    assert.deepEqual(decoded(union, [0, 2]), { v: 1 });
    assert.deepEqual(decoded(union, [2, 2, 0x61]), { v: 'a' });
    for (const index of [1, 4]) assert.equal(decoded(union, [index, 2]), 'MALFORMED');
  });

  const UNUSABLE: readonly (readonly [unknown, RegExp])[] = [
    ['nonsense', /undefined type name: nonsense/],
    [{ type: 'record', name: 'R' }, /R has no fields/],
    [{ type: 'record', fields: [] }, /has no name/],
    [record('R', { a: null }), /a type is missing/],
    [
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'a', type: 'int' },
        ],
      },
      /R has a field twice/,
    ],
    [{ type: 'enum', name: 'E' }, /E has no symbols/],
    [{ type: 'fixed', name: 'F', size: -1 }, /F has no valid size/],
    [{ type: 'array' }, /a type is missing/],
  ];
  for (const [schema, reason] of UNUSABLE) {
    test(`that makes no sense cannot be used: ${JSON.stringify(schema)}`, () => {
      const entry = decoded(schema, []) as { kind: string; reason: string };
      assert.equal(entry.kind, 'unusable');
      assert.match(entry.reason, reason);
    });
  }

  test('of records that contain each other in a million ways is looked through once', () => {
    let type: unknown = 'null';
    for (let level = 0; level < 60; level += 1)
      type = record(`R${String(level)}`, { a: type, b: level === 0 ? 'null' : `R${String(level - 1)}` });
    assert.equal(decoded(record('R', { x: { type: 'array', items: type } }), [2, 0]), 'TOO_MANY_KEYS');
  });
});

describe('a logical type', () => {
  const decimal = (more: object) => record('R', { d: { type: 'bytes', logicalType: 'decimal', ...more } });

  test('decimal takes its scale from the schema; one that makes no sense leaves bytes, by Avro’s rule', () => {
    assert.deepEqual(decoded(decimal({ precision: 4, scale: 2 }), [2, 5]), {
      d: Decimal128.fromString('0.05'),
    });
    assert.deepEqual(decoded(decimal({ precision: 4 }), [2, 5]), { d: Decimal128.fromString('5') });
    for (const more of [
      {},
      { precision: 2, scale: 3 },
      { precision: 4, scale: -1 },
      { precision: '4', scale: '2' },
    ])
      assert.deepEqual(decoded(decimal(more), [2, 5]), { d: Buffer.from([5]) });
  });

  test('on another type than its own, or that nobody knows, counts as if it were not there', () => {
    for (const logicalType of ['date', 'uuid', 'decimal', 'local-date', 'timestamp-millis', 'mine'])
      assert.deepEqual(decoded(record('R', { d: { type: 'string', logicalType } }), [2, 0x61]), { d: 'a' });
    assert.deepEqual(decoded(record('R', { d: { type: 'int', logicalType: 'local-date' } }), [2]), { d: 1 });
  });

  test('beyond the range of dates is refused', () => {
    const timestamp = record('R', { t: { type: 'long', logicalType: 'timestamp-millis' } });
    assert.equal(decoded(timestamp, [...Array.from({ length: 9 }, () => 0xff), 1]), 'OUT_OF_RANGE');
  });
});

describe('a payload that is bytes, as most keys of bytes are', () => {
  test('has them without their length, as Java writes them, whatever they are', () => {
    for (const length of [0, 1, 63, 64, 127, 128, 8_191, 8_192, 300_000]) {
      const bytes = Buffer.alloc(length, 2);
      assert.deepEqual(decoded('bytes', bytes), bytes);
      assert.deepEqual(decoded({ type: 'bytes' }, bytes), bytes);
    }
  });

  test('may be a decimal', () => {
    const schema = { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 };
    assert.deepEqual(decoded(schema, [0x04, 0xd2]), Decimal128.fromString('12.34'));
  });

  test('has their length where it is one choice of several', () => {
    assert.deepEqual(decoded(['null', 'bytes'], [2, 4, 7, 8]), Buffer.from([7, 8]));
  });
});

describe('counts in the bytes', () => {
  const array = (items: unknown) => record('R', { a: { type: 'array', items } });
  const FULL = [...Array.from({ length: 9 }, () => 0xff), 1];

  test('may be negative, then the size follows; the least number there is is none', () => {
    assert.deepEqual(decoded(array('int'), [3, 4, 2, 4, 0]), { a: [1, 2] });
    assert.equal(decoded(array('null'), [...FULL, 0, 0]), 'MALFORMED');
  });

  test('of fixed values without bytes are bound by maxKeys', () => {
    const empty = { type: 'fixed', name: 'F', size: 0 };
    assert.deepEqual(decoded(array(empty), [4, 0]), { a: [Buffer.alloc(0), Buffer.alloc(0)] });
    assert.equal(decoded(array(empty), [0x80, 0xa8, 0xd6, 0xb9, 0x07, 0]), 'TOO_MANY_KEYS');
  });
});

describe('millions of items that take a byte each', () => {
  for (const items of [
    'long',
    'bytes',
    'string',
    { type: 'bytes', logicalType: 'decimal', precision: 4 },
    ['null', 'bytes'],
  ])
    test(`are too large before they fill the heap of the thread: ${JSON.stringify(items)}`, () => {
      const count = 7 * 1024 * 1024;
      const bytes = Buffer.alloc(5 + 2 * count, Array.isArray(items) ? Buffer.from([2, 0]) : 0);
      // the count, zigzag
      Buffer.from([0x80, 0x80, 0x80, 0x07]).copy(bytes);
      assert.equal(decoded(record('R', { a: { type: 'array', items } }), bytes), 'TOO_LARGE');
    });
});
