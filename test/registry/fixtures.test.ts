import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { decodeKey } from '../../src/drain/decode-key.js';
import { decodeValue } from '../../src/drain/decode.js';
import { pipeline, seededRandom } from '../drain/builders.js';
import { compiledSourceOf, FORMATS, readFixtures, schemasOf, sourceOf, type Fixture } from './fixtures.js';

const FIXTURES = readFixtures();

const bytesOf = (value: unknown): string => Buffer.from(BSON.serialize({ value })).toString('hex');

function decodedBy(
  { type, expected }: Fixture,
  schemas: ReturnType<typeof schemasOf>,
  bytes: Buffer,
  headers: { name: string; value: Buffer | null }[] = [],
): unknown {
  const rules = pipeline({ value: FORMATS[type] });
  const isScalar = typeof expected !== 'object' || BSON.Long.isLong(expected);
  if (isScalar) {
    const key = decodeKey({ ...rules, keyFormat: FORMATS[type] }, bytes, { schemas, record: { headers } });
    return key.kind === 'value' ? key.value : key.code;
  }
  const decoded = decodeValue(rules, bytes, { schemas, record: { headers } });
  return decoded.kind === 'fields' ? decoded.fields : decoded.code;
}

describe('what independent encoders have written', () => {
  for (const fixture of FIXTURES) {
    const schemas = schemasOf(sourceOf(fixture));
    test(`${fixture.type}: ${fixture.what}`, () => {
      const value = decodedBy(fixture, schemas, fixture.bytes);
      assert.equal(bytesOf(value), bytesOf(fixture.expected), BSON.EJSON.stringify({ value }));
    });
    const compiled = compiledSourceOf(fixture);
    if (compiled !== null)
      test(`${fixture.type}: ${fixture.what}, the schema registered by a client that compiles it`, () => {
        const value = decodedBy(fixture, schemasOf(compiled), fixture.bytes);
        assert.equal(bytesOf(value), bytesOf(fixture.expected), BSON.EJSON.stringify({ value }));
      });
    test(`${fixture.type}: ${fixture.what}, the schema named by a header`, () => {
      const isScalar = typeof fixture.expected !== 'object' || BSON.Long.isLong(fixture.expected);
      const name = isScalar ? '__key_schema_id' : '__value_schema_id';
      const value = decodedBy(fixture, schemas, fixture.payload, [{ name, value: fixture.header }]);
      assert.equal(bytesOf(value), bytesOf(fixture.expected));
    });
  }
});

describe('bytes that are damaged', () => {
  test('end in one outcome within milliseconds, whatever lengths and counts they claim', () => {
    const random = seededRandom(11);
    const below = (limit: number): number => Math.floor(random() * limit);
    const seen = new Set<string>();
    for (const fixture of FIXTURES) {
      const schemas = schemasOf(sourceOf(fixture));
      for (let round = 0; round < 200; round += 1) {
        let bytes = Buffer.from(fixture.bytes);
        for (let changes = below(3); changes >= 0; changes -= 1)
          bytes[5 + below(bytes.length - 5)] = below(256);
        if (random() < 0.3) bytes = bytes.subarray(0, below(bytes.length));
        if (random() < 0.2) bytes = Buffer.concat([bytes, Buffer.alloc(below(5), 0xff)]);
        const startedMs = performance.now();
        const value = decodedBy(fixture, schemas, bytes);
        assert.ok(performance.now() - startedMs < 1_000, `${fixture.what}: ${bytes.toString('hex')}`);
        if (typeof value === 'string' && /^[A-Z_0-9]+$/.test(value)) seen.add(value);
        else BSON.serialize({ value });
      }
    }
    for (const code of ['NOT_AVRO', 'NOT_PROTOBUF', 'NOT_JSON', 'NOT_UTF8', 'SCHEMA_ID_MISSING'])
      assert.ok(seen.has(code), `${code} was not met: ${[...seen].join()}`);
  });

  const avro = (items: unknown, ...bytes: number[]) => {
    const schema = { type: 'record', name: 'R', fields: [{ name: 'a', type: { type: 'array', items } }] };
    const fixture = { type: 'AVRO', schema: JSON.stringify(schema), references: [], expected: {} } as const;
    return decodedBy(
      fixture as unknown as Fixture,
      schemasOf(sourceOf(fixture as unknown as Fixture)),
      Buffer.from([0, 0, 0, 0, 7, ...bytes]),
    );
  };

  test('an array that claims a billion items has to have their bytes', () => {
    assert.equal(avro('int', 0x80, 0xa8, 0xd6, 0xb9, 0x07, 0), 'NOT_AVRO');
  });

  test('items without bytes count as keys: a billion of them would fit into six bytes', () => {
    assert.equal(avro('null', 0x80, 0xa8, 0xd6, 0xb9, 0x07, 0), 'TOO_MANY_KEYS');
    assert.deepEqual(avro('null', 4, 0), { a: [null, null] });
  });

  test('a list linked 10,000 times is too deep', () => {
    const schema = { type: 'record', name: 'T', fields: [{ name: 'n', type: ['null', 'T'] }] };
    const fixture = {
      type: 'AVRO',
      schema: JSON.stringify(schema),
      references: [],
      expected: {},
    } as unknown as Fixture;
    const bytes = (levels: number) =>
      Buffer.from([0, 0, 0, 0, 7, ...Array.from({ length: levels }, () => 2), 0]);
    assert.equal(decodedBy(fixture, schemasOf(sourceOf(fixture)), bytes(10_000)), 'TOO_DEEP');
    assert.equal(decodedBy(fixture, schemasOf(sourceOf(fixture)), bytes(100)), 'TOO_DEEP');
    assert.equal(typeof decodedBy(fixture, schemasOf(sourceOf(fixture)), bytes(99)), 'object');
  });

  test('keys of a map are data, and those that BSON cannot have are refused', () => {
    const map = (key: string) => {
      const schema = { type: 'map', values: 'int' };
      const fixture = {
        type: 'AVRO',
        schema: JSON.stringify(schema),
        references: [],
        expected: {},
      } as unknown as Fixture;
      const text = Buffer.from(key);
      return decodedBy(
        fixture,
        schemasOf(sourceOf(fixture)),
        Buffer.from([0, 0, 0, 0, 7, 2, 2 * text.length, ...text, 2, 0]),
      );
    };
    assert.ok(Object.hasOwn(map('__proto__') as object, '__proto__'));
    for (const key of ['_bsontype', 'a\0b', '$set']) assert.equal(map(key), 'UNSTORABLE_KEY');
    assert.deepEqual(map('a.b'), { 'a.b': 1 });
  });
});

describe('a schema', () => {
  const outcome = (type: Fixture['type'], schema: string, format = FORMATS[type]) => {
    const schemas = schemasOf({ type, text: schema, references: [] });
    const decoded = decodeValue(pipeline({ value: format }), Buffer.from([0, 0, 0, 0, 7, 0]), {
      schemas,
      record: { headers: [] },
    });
    return decoded.kind === 'bad' ? decoded : { code: 'fields', reason: '' };
  };

  test('that cannot be used makes a dead letter that says why', () => {
    assert.match(
      outcome('AVRO', '"nonsense"').reason,
      /^the schema ids\/7 can't be used: undefined type name/,
    );
    assert.equal(outcome('PROTOBUF', 'message A { Missing m = 1; }').code, 'SCHEMA_UNUSABLE');
    assert.equal(outcome('PROTOBUF', 'this is no schema').code, 'SCHEMA_UNUSABLE');
  });

  test('of another type than the format makes a dead letter', () => {
    assert.match(outcome('JSON', '{}', 'avro').reason, /is of the type JSON, and the value format is avro/);
  });

  test('that gives no document makes a dead letter', () => {
    assert.equal(outcome('AVRO', '"string"').code, 'NOT_AN_OBJECT');
    assert.equal(outcome('AVRO', '{"type":"bytes"}').code, 'NOT_AN_OBJECT');
  });

  test('may have defaults that do not fit and options that nobody knows', () => {
    assert.equal(
      outcome(
        'AVRO',
        '{"type":"record","name":"R","fields":[{"name":"a","type":["null","string"],"default":"x"}]}',
      ).code,
      'fields',
    );
    const options =
      'syntax = "proto3"; import "confluent/meta.proto"; import "google/protobuf/descriptor.proto";';
    const extend = 'extend google.protobuf.FieldOptions { string my = 50000; }';
    assert.equal(
      outcome(
        'PROTOBUF',
        `${options} ${extend} message A { int32 a = 1 [(my) = "x", (confluent.field_meta) = { doc: "d" }]; }`,
      ).code,
      'fields',
    );
  });
});
