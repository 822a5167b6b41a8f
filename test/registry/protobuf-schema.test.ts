import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { toDouble as asDouble } from '../../src/mongodb/values.js';
import { compile } from '../../src/registry/compile.js';

const LIMITS = { maxDepth: 100, maxKeys: 100_000 };
const PROTO3 = 'syntax = "proto3";';

/** The value, the fault, or why the schema can't be used. */
function decoded(text: string, bytes: readonly number[] | Buffer, path: readonly number[] = [0]): unknown {
  const entry = compile({ type: 'PROTOBUF', text, references: [] });
  if (entry.kind !== 'usable') return entry.kind === 'unusable' ? entry.reason : entry.kind;
  const payload = entry.decode(Buffer.from(bytes), path, LIMITS);
  return payload.kind === 'value' ? payload.value : payload.fault;
}

/** In a thread with so many MiB of heap: the fault. It ends with an error where that is not enough. */
async function decodedWithin(heapMb: number, text: string, bytes: Buffer): Promise<unknown> {
  const compileUrl = new URL('../../src/registry/compile.js', import.meta.url).href;
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.compileUrl).then(({ compile }) => {
      const entry = compile({ type: 'PROTOBUF', text: workerData.text, references: [] });
      parentPort.postMessage(entry.decode(Buffer.from(workerData.bytes), [0], workerData.limits).fault);
    });`;
  const workerData = { compileUrl, text, bytes, limits: LIMITS };
  const resourceLimits = { maxOldGenerationSizeMb: heapMb };
  const thread = new Worker(code, { eval: true, workerData, resourceLimits });
  const [fault] = (await once(thread, 'message')) as [unknown];
  await thread.terminate();
  return fault;
}

describe('a Protobuf schema', () => {
  test('may import what Confluent’s serialisers never register: google/type and confluent/type', () => {
    const text = `${PROTO3} import "google/type/money.proto"; import "google/type/color.proto"; import "google/type/month.proto";
      import "confluent/type/variant.proto";
      message Order { google.type.Money total = 1; google.type.Color color = 2; google.type.Month month = 3; confluent.type.Variant v = 4; }`;
    const money = [0x0a, 3, 0x45, 0x55, 0x52, 0x10, 5];
    assert.deepEqual(decoded(text, [0x0a, money.length, ...money, 0x12, 2, 0x22, 0, 0x18, 2]), {
      total: { currency_code: 'EUR', units: 5n, nanos: 0 },
      color: {
        red: asDouble(0),
        green: asDouble(0),
        blue: asDouble(0),
        alpha: asDouble(0),
      },
      month: 'FEBRUARY',
    });
  });

  test('may bring its own file of a type that stands for JSON', () => {
    const name = 'google/protobuf/struct.proto';
    const text = `${PROTO3} import "${name}"; message Order { google.protobuf.Struct s = 1; }`;
    const struct = `${PROTO3} package google.protobuf;
      message Struct { map<string, Value> fields = 1; }
      message Value { oneof kind { NullValue null_value = 1; double number_value = 2; string string_value = 3;
        bool bool_value = 4; Struct struct_value = 5; ListValue list_value = 6; } }
      enum NullValue { NULL_VALUE = 0; }
      message ListValue { repeated Value values = 1; }`;
    const pair = (key: string, value: readonly number[]) => [0x0a, 5 + value.length, 0x0a, 1, key.charCodeAt(0), 0x12, value.length, ...value];
    const fields = [...pair('t', [0x1a, 1, 0x78]), ...pair('b', [0x20, 1]), ...pair('n', [0x08, 0]), ...pair('o', [0x2a, 0]), ...pair('l', [0x32, 4, 0x0a, 2, 0x20, 1])];
    const bytes = Buffer.from([0x0a, fields.length, ...fields]);
    for (const references of [[], [{ name, text: struct }]]) {
      const entry = compile({ type: 'PROTOBUF', text, references });
      assert.ok(entry.kind === 'usable');
      const payload = entry.decode(bytes, [0], LIMITS);
      assert.deepEqual(payload.kind === 'value' ? payload.value : payload, { s: { t: 'x', b: true, n: null, o: {}, l: [true] } });
    }
  }); // prettier-ignore

  test('with the name __proto__ cannot be used: the field would be lost without a word', () => {
    assert.equal(
      decoded(`${PROTO3} message A { string __proto__ = 1; }`, [0x0a, 1, 0x61]),
      'it uses the name __proto__',
    );
  });

  for (const name of [
    'constructor',
    'toString',
    'hasOwnProperty',
    'toJSON',
    'valueOf',
    'prototype',
    'decode',
  ]) {
    test(`may have a field of the name ${name}, and no record sees another's`, () => {
      const text = `${PROTO3} message A { B ${name} = 1; } message B { int32 x = 1; int32 y = 2; }`;
      const entry = compile({ type: 'PROTOBUF', text, references: [] });
      assert.ok(entry.kind === 'usable');
      const values = [8, 16].map((tag) => entry.decode(Buffer.from([0x0a, 2, tag, 1]), [0], LIMITS));
      assert.deepEqual(values, [
        { kind: 'value', value: { [name]: { x: 1, y: 0 } } },
        { kind: 'value', value: { [name]: { x: 0, y: 1 } } },
      ]);
    });
  }
});

describe('a Protobuf message', () => {
  test('with entries of maps that lack the key or the value has their defaults, of the right types', () => {
    const text = `${PROTO3} message A { map<int64, int64> a = 1; map<int32, string> b = 2; map<string, bytes> c = 3;
      map<bool, B> d = 4; map<uint64, uint64> e = 5; } message B { int32 x = 1; }`;
    assert.deepEqual(decoded(text, [0x0a, 0, 0x12, 0, 0x1a, 0, 0x22, 0, 0x2a, 0]), {
      a: { 0: 0n },
      b: { 0: '' },
      c: { '': Buffer.alloc(0) },
      d: { false: { x: 0 } },
      e: { 0: 0n },
    });
  });

  test('with a key twice in a map, several set in a oneof, or a message in parts: the last counts, parts are merged', () => {
    const map = `${PROTO3} message A { map<string, int32> m = 1; }`;
    const entry = (value: number) => [0x0a, 5, 0x0a, 1, 0x61, 0x10, value];
    assert.deepEqual(decoded(map, [...entry(7), ...entry(8)]), { m: { a: 8 } });
    const oneof = `${PROTO3} message A { oneof p { B a = 1; int32 b = 2; B c = 3; } } message B { int32 x = 1; }`;
    assert.deepEqual(decoded(oneof, [0x0a, 2, 8, 1, 0x10, 0, 0x1a, 0]), { c: { x: 0 } });
    const parts = `${PROTO3} message A { B a = 1; } message B { int32 x = 1; int32 y = 2; }`;
    assert.deepEqual(decoded(parts, [0x0a, 2, 8, 1, 0x0a, 2, 16, 3]), { a: { x: 1, y: 3 } });
  });

  test('of proto2 may have groups, which count as messages, and must have what is required', () => {
    const text = `syntax = "proto2"; message A { repeated group Result = 1 { required string url = 2; } optional int32 z = 3;
      message N { optional int32 q = 1; } }`;
    assert.deepEqual(decoded(text, [0x0b, 0x12, 1, 0x61, 0x0c, 0x18, 5]), { result: [{ url: 'a' }], z: 5 });
    assert.deepEqual(decoded(text, [8, 1], [0, 1]), { q: 1 });
    assert.equal(decoded(text, [0x0b, 0x0c]), 'MALFORMED');
  });

  test('of an edition has presence as its features say', () => {
    const text =
      'edition = "2023"; message A { string a = 1; int32 b = 2 [features.field_presence = IMPLICIT]; int32 c = 3; }';
    assert.deepEqual(decoded(text, [0x0a, 0]), { a: '', b: 0 });
  });

  const MILLIONS = 15 * 1024 * 1024;
  const packed = (value: number) =>
    Buffer.concat([Buffer.from([0x0a, 0x80, 0x80, 0xc0, 0x07]), Buffer.alloc(MILLIONS, value)]);
  const empty = Buffer.alloc(MILLIONS, Buffer.from([0x0a, 0]));
  const HEAVY: readonly (readonly [what: string, field: string, bytes: Buffer])[] = [
    ['numbers of 64 bits', 'repeated int64 a = 1;', packed(1)],
    ['numbers of 32 bits', 'repeated int32 a = 1;', packed(1)],
    ['empty binaries', 'repeated bytes a = 1;', empty],
    ['empty messages', 'repeated B a = 1;', empty],
    ['packed booleans', 'repeated bool a = 1;', packed(1)],
    ['packed enumerators', 'repeated E a = 1;', packed(1)],
    ['empty texts', 'repeated string a = 1;', empty],
    ['entries of maps without a value', 'map<int32, B> a = 1;', empty],
  ];
  for (const [what, field, bytes] of HEAVY) {
    test(`of millions of ${what} is too large, before it fills the heap of the thread`, () => {
      assert.equal(
        decoded(`${PROTO3} message A { ${field} } message B {} enum E { Z = 0; }`, bytes),
        'TOO_LARGE',
      );
    });
  }

  test('of millions of empty messages with lists and maps is too large before those have been made', async () => {
    const fields = Array.from(
      { length: 100 },
      (_, at) => `repeated int32 l${String(at)} = ${String(at + 1)};`,
    );
    const text = `${PROTO3} message A { repeated B b = 1; map<int32, B> m = 2; } message B { ${fields.join(' ')} }`;
    const key = (at: number) => [0x12, 5, 8, 0x80 | (at & 0x7f), 0x80 | ((at >> 7) & 0x7f), 0x80 | ((at >> 14) & 0x7f), 1]; // prettier-ignore
    const entries = Buffer.from(Array.from({ length: 300_000 }, (_, at) => key(at)).flat());
    for (const bytes of [Buffer.alloc(4 * 1024 * 1024, Buffer.from([0x0a, 0])), entries])
      assert.equal(await decodedWithin(256, text, bytes), 'TOO_LARGE');
  });

  test('has its packed lists whole, of every type, and none that goes beyond its end', () => {
    const lists = (type: string) => `${PROTO3} message A { repeated ${type} a = 1; }`;
    const eight = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    const rows: readonly (readonly [string, readonly number[], readonly unknown[]])[] = [
      ['int32', [5, 0xac, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], [5, 300, -1]],
      ['uint32', [5, 0xac, 2], [5, 300]],
      ['sint32', [5, 0xac, 2], [-3, 150]],
      ['bool', [1, 0], [true, false]],
      ['fixed32', [1, 0, 0, 0, 2, 0, 0, 0], [1, 2]],
      ['sfixed32', [0xff, 0xff, 0xff, 0xff], [-1]],
      ['float', [0, 0, 0x80, 0x3f], [asDouble(1)]],
      ['double', eight, [asDouble(1)]],
    ];
    for (const [type, bytes, values] of rows) {
      assert.deepEqual(decoded(lists(type), [0x0a, bytes.length, ...bytes]), { a: values }, type);
      assert.equal(decoded(lists(type), [0x0a, bytes.length + 1, ...bytes]), 'MALFORMED', type);
    }
    assert.equal(decoded(lists('int32'), [0x0a, 1, 0x80, 0x0a, 0]), 'MALFORMED');
  });
});
