import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings, RegistryFormat } from '../../src/config/settings.js';
import { createToOperation } from '../../src/drain/operation.js';
import { compile } from '../../src/registry/compile.js';
import type { Schemas, SchemaType } from '../../src/registry/schemas.js';
import { NOW, pipeline, record } from './builders.js';

interface Keyed {
  format: RegistryFormat;
  type: SchemaType;
  schema: string;
  /** Behind the five bytes that name the schema. */
  payload: Buffer;
}

const NAMED = Buffer.from([0, 0, 0, 0, 1]);

/** The id of a document, or why there is none. */
function idOf({ format, type, schema, payload }: Keyed, rules: Partial<PipelineSettings> = {}): unknown {
  const schemas: Schemas = {
    find: () => compile({ type, text: schema, references: [] }),
    load: () => Promise.resolve(),
  };
  const settings = pipeline({ documentId: { from: 'key', format }, ...rules });
  const toOperation = createToOperation(settings, NOW, { schemas });
  const done = toOperation(record({ key: Buffer.concat([NAMED, payload]) }));
  assert.ok(!(done instanceof Promise) && done.kind !== 'skip');
  return done.kind === 'bad' ? `${done.code}: ${done.reason}` : done.model.id;
}

const FIRST_MESSAGE = Buffer.from([0]);
const protobuf = (schema: string, payload: number[]): Keyed => ({
  ...{ format: 'protobuf', type: 'PROTOBUF', schema: `syntax = "proto3"; ${schema}` },
  payload: Buffer.concat([FIRST_MESSAGE, Buffer.from(payload)]),
});

const OBJECTS: readonly Keyed[] = [
  protobuf('message Key { int32 id = 1; }', [0x08, 7]),
  {
    ...{ format: 'avro', type: 'AVRO', payload: Buffer.from([14]) },
    schema: '{"type":"record","name":"Key","fields":[{"name":"id","type":"int"}]}',
  },
  { format: 'json-schema', type: 'JSON', schema: '{}', payload: Buffer.from('{"id":7}') },
];

describe('a key by a schema', () => {
  test('is the id where it is one value: in Protobuf a message of Google that stands for one', () => {
    const text = protobuf(
      'package google.protobuf; message StringValue { string value = 1; }',
      [0x0a, 1, 97],
    );
    const long = protobuf('package google.protobuf; message Int64Value { int64 value = 1; }', [0x08, 7]);
    assert.deepEqual([idOf(text), idOf(long)], ['a', 7n]);
  });

  for (const key of OBJECTS) {
    test(`of several fields is none as a whole, and the reason says how to take one of them (${key.format})`, () => {
      assert.match(
        String(idOf(key)),
        /^ID_NOT_SCALAR: the key is an object.*documentId: \{ keyField: <name> \}/,
      );
      assert.equal(idOf(key, { documentId: { from: 'keyField', field: 'id', format: key.format } }), 7);
    });
  }
});

test('a key of JSON behind the name of a schema follows largeIntegers, as a whole and in its fields', () => {
  const key = (json: string): Keyed => ({
    ...{ format: 'json-schema', type: 'JSON', schema: '{}' },
    payload: Buffer.from(json),
  });
  const digits = '9007199254740993';
  const documentId = { from: 'keyField', field: 'id', format: 'json-schema' } as const;
  assert.match(String(idOf(key(digits))), /^UNSAFE_INTEGER/);
  assert.equal(idOf(key(digits), { largeIntegers: 'long' }), BigInt(digits));
  assert.match(String(idOf(key(`{"id":${digits}}`), { documentId })), /^UNSAFE_INTEGER/);
  assert.equal(idOf(key(`{"id":${digits}}`), { documentId, largeIntegers: 'long' }), BigInt(digits));
});
