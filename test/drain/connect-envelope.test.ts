import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation, type Operation } from '../../src/drain/operation.js';
import { NOW, pipeline, record } from './builders.js';

type Json = Record<string, unknown>;

const CONNECT = 'org.apache.kafka.connect.data';
const DECIMAL = { type: 'bytes', name: `${CONNECT}.Decimal`, version: 1, parameters: { scale: '2' } };

/** Texts, since JSON.stringify would round. */
function enveloped(fields: readonly Json[], payload: string): string {
  return `{"schema":${JSON.stringify({ type: 'struct', fields })},"payload":${payload}}`;
}

function turned(value: string | null, key = 'o-1', rules: Partial<PipelineSettings> = {}): Operation {
  return createToOperation(pipeline({ envelope: 'connect', ...rules }), NOW)(record({ key, value }));
}

/** The stored fields in canonical extended JSON, or the fault. */
function stored(done: Operation): string {
  if (done.kind === 'bad') return `${done.stage}: ${done.code}`;
  if (done.kind === 'skip' || done.model.kind === 'delete') return done.kind === 'skip' ? 'skip' : 'delete';
  const read = BSON.deserialize(BSON.serialize(done.model.fields), { promoteValues: false });
  return BSON.EJSON.stringify(read, { relaxed: false });
}

function storedField(schema: Json, written: string): string {
  const text = stored(turned(enveloped([{ field: 'v', ...schema }], `{"v":${written}}`)));
  return text.startsWith('{') ? text.slice('{"v":'.length, -1) : text;
}

function scaled(scale: number): Json {
  return { ...DECIMAL, parameters: { scale: String(scale) } };
}

/** Told by MongoDB's sink connector 2.0.1 with Kafka Connect 4.1.1. */
const TYPES: readonly (readonly [Json, string, string])[] = [
  [DECIMAL, '"AMg="', '{"$numberDecimal":"2.00"}'],
  [DECIMAL, '"/w=="', '{"$numberDecimal":"-0.01"}'],
  [DECIMAL, '2.50', '{"$numberDecimal":"2.50"}'],
  [DECIMAL, '-0.07', '{"$numberDecimal":"-0.07"}'],
  [DECIMAL, '0', '{"$numberDecimal":"0.00"}'],
  [scaled(7), '0.0000001', '{"$numberDecimal":"1E-7"}'],
  [scaled(8), '2.5e-7', '{"$numberDecimal":"2.5E-7"}'],
  [scaled(-2), '1200', '{"$numberDecimal":"1.2E+3"}'],
  [scaled(-2), '0', '{"$numberDecimal":"0E+2"}'],
  [scaled(0), '1200', '{"$numberDecimal":"1200"}'],
  [{ type: 'int64', name: `${CONNECT}.Timestamp` }, '1700000000000', '{"$date":{"$numberLong":"1700000000000"}}'],
  [{ type: 'int32', name: `${CONNECT}.Date` }, '19000', '{"$date":{"$numberLong":"1641600000000"}}'],
  [{ type: 'int32', name: `${CONNECT}.Time` }, '5000', '{"$date":{"$numberLong":"5000"}}'],
  [{ type: 'bytes' }, '"AQI="', '{"$binary":{"base64":"AQI=","subType":"00"}}'],
  [{ type: 'int8' }, '1', '{"$numberInt":"1"}'],
  [{ type: 'int64' }, '5', '{"$numberLong":"5"}'],
  [{ type: 'int64' }, '9007199254740993', '{"$numberLong":"9007199254740993"}'],
  [{ type: 'float' }, '0.1', '{"$numberDouble":"0.10000000149011612"}'],
  [{ type: 'double' }, '2', '{"$numberDouble":"2.0"}'],
  [{ type: 'boolean' }, 'true', 'true'],
  [{ type: 'string' }, '"s"', '"s"'],
  [{ type: 'array', items: { type: 'int64', name: `${CONNECT}.Timestamp` } }, '[1]', '[{"$date":{"$numberLong":"1"}}]'],
  [{ type: 'map', keys: { type: 'string' }, values: { type: 'int64' } }, '{"k":5}', '{"k":{"$numberLong":"5"}}'],
  [{ type: 'struct', fields: [{ field: 'x', type: 'string' }] }, '{"x":"s"}', '{"x":"s"}'],
  [{ type: 'int32', default: 9 }, 'null', '{"$numberInt":"9"}'],
  [{ type: 'int32', optional: true }, 'null', 'null'],
  [{ type: 'int32', name: 'io.debezium.time.Date' }, '7', '{"$numberInt":"7"}'],
]; // prettier-ignore

const MISFITS: readonly (readonly [Json, string])[] = [
  [DECIMAL, '"2.50"'],
  [DECIMAL, '12345678901234.99'],
  [DECIMAL, '0.001'],
  [scaled(-2), '1250'],
  [scaled(6), '1e-7'],
  [{ ...DECIMAL, parameters: {} }, '"AMg="'],
  [{ ...DECIMAL, parameters: { scale: '1000000000' } }, '2'],
  [{ ...DECIMAL, parameters: { scale: '-1000000000' } }, '"AMg="'],
  [DECIMAL, `"${Buffer.alloc(33).toString('base64')}"`],
  [{ type: 'bytes' }, '"%"'],
  [{ type: 'int32' }, '3000000000'],
  [{ type: 'int64' }, '1.5'],
  [{ type: 'int64' }, '"5"'],
  [{ type: 'string' }, '5'],
  [{ type: 'array', items: { type: 'int8' } }, '["x"]'],
  [{ type: 'map', keys: { type: 'int32' }, values: { type: 'int8' } }, '[[1,5]]'],
  [{ type: 'struct', fields: [{ type: 'int8' }] }, '{"x":1}'],
  [{ type: 'complex' }, '1'],
]; // prettier-ignore

describe('a value with the schema of Kafka Connect beside it', () => {
  for (const [schema, written, expected] of TYPES) {
    test(`${written} as ${String(schema['name'] ?? schema['type'])} is stored as ${expected}`, () => {
      assert.equal(storedField(schema, written), expected);
    });
  }

  for (const [schema, written] of MISFITS) {
    test(`${written} does not fit ${JSON.stringify(schema)}`, () => {
      assert.equal(storedField(schema, written), 'decode: NOT_AN_ENVELOPE');
    });
  }

  test('has the fields of the schema in its order, missing ones as null, and no others', () => {
    const fields = ['b', 'a', 'c'].map((field) => ({ field, type: 'string', optional: true }));
    assert.equal(stored(turned(enveloped(fields, '{"x":1,"a":"1","b":"2"}'))), '{"b":"2","a":"1","c":null}');
  });

  test('is taken as it is where the schema is null', () => {
    assert.equal(stored(turned('{"schema":null,"payload":{"n":2.5}}')), '{"n":{"$numberDouble":"2.5"}}');
  });

  test('is a dead letter where defaults in defaults would become more than its limits, before that is built', () => {
    const nested = (levels: number, wrap: (below: Json) => Json): Json =>
      levels === 0 ? { type: 'int8', default: 1 } : wrap(nested(levels - 1, wrap));
    const pairs = nested(30, (items) => ({ type: 'array', default: [null, null], items }));
    assert.equal(storedField(pairs, 'null'), 'decode: TOO_LARGE');
    const maps = nested(30, (values) => ({ type: 'map', default: { a: null, b: null }, values }));
    assert.equal(storedField(maps, 'null'), 'decode: TOO_MANY_KEYS');
    const long = { type: 'array', items: { type: 'bytes', default: Buffer.alloc(3_000).toString('base64') } };
    assert.equal(storedField(long, JSON.stringify(new Array(20_000).fill(null))), 'decode: TOO_LARGE');
  });

  test('is a tombstone where the payload is null', () => {
    assert.equal(stored(turned('{"schema":{"type":"struct","fields":[]},"payload":null}')), 'delete');
    assert.equal(stored(turned(null)), 'delete');
    assert.equal(stored(turned('{"schema":null,"payload":null}', 'o-1', { deletes: 'ignore' })), 'skip');
  });

  test('has its dates converted where they are named', () => {
    const value = enveloped([{ field: 'at', type: 'int64' }], '{"at":5}');
    assert.equal(stored(turned(value, 'o-1', { dates: ['at'] })), '{"at":{"$date":{"$numberLong":"5"}}}');
  });

  for (const [value, fault] of [
    ['{"n":1}', 'decode: NOT_AN_ENVELOPE'],
    ['{"schema":null,"payload":{},"more":1}', 'decode: NOT_AN_ENVELOPE'],
    ['{"schema":1,"payload":{}}', 'decode: NOT_AN_ENVELOPE'],
    ['{"schema":null,"payload":[1]}', 'decode: NOT_AN_OBJECT'],
    ['{"schema":{"type":"string"},"payload":"x"}', 'decode: NOT_AN_OBJECT'],
    ['{"schema":', 'decode: NOT_JSON'],
  ] as const) {
    test(`${value} is ${fault}`, () => assert.equal(stored(turned(value)), fault));
  }
});

describe('a key with the schema of Kafka Connect beside it', () => {
  const value = enveloped([], '{}');
  const struct = enveloped([{ field: 'no', type: 'int64' }, { field: 'shop', type: 'string' }], '{"shop":"a","no":7}'); // prettier-ignore
  const scalar = '{"schema":{"type":"int64"},"payload":7}';
  const json = 'json' as const;

  for (const [what, key, documentId, id] of [
    ['one value', scalar, { from: 'key', format: json }, 7n],
    ['one value without a schema', '"x"', { from: 'key', format: json }, 'x'],
    ['a field of it', struct, { from: 'keyField', field: 'no', format: json }, 7n],
    ['several fields of it', struct, { from: 'keyFields', fields: ['shop', 'no'], format: json }, { shop: 'a', no: 7n }],
    ['a field of a key without a schema', '{"no":7}', { from: 'keyField', field: 'no', format: json }, 7],
  ] as const) {
    test(`gives the id by its types: ${what}`, () => {
      for (const sent of [value, null]) {
        const done = turned(sent, key, { documentId: structuredClone(documentId) as PipelineSettings['documentId'] });
        assert.ok(done.kind === 'write');
        assert.deepEqual(done.model.id, id);
      }
    });
  } // prettier-ignore

  test('is a dead letter where it does not fit', () => {
    const key = '{"schema":{"type":"int64"},"payload":"7"}';
    const done = turned(value, key, { documentId: { from: 'key', format: json } });
    assert.equal(stored(done), 'id: NOT_AN_ENVELOPE');
  });
});
