import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, BSONRegExp, DBRef, Decimal128, Int32, Long, ObjectId } from 'mongodb';
import type { ValueFormat } from '../../src/config/settings.js';
import { createToOperation } from '../../src/drain/operation.js';
import { NOW, pipeline, record } from './builders.js';

const ID = new ObjectId('65a000000000000000000001');
const DOCUMENT = {
  _id: ID,
  n: new Int32(1),
  long: Long.fromString('9007199254740993'),
  price: Decimal128.fromString('1.10'),
  at: new Date('2026-01-31T00:00:00Z'),
  bytes: new BSON.Binary(Buffer.from([1, 2])),
  list: [{ x: new BSON.Double(2) }],
  // of which JavaScript would make another one, or none
  patterns: [new BSONRegExp('(?i)a/b', 'x'), new BSONRegExp('', '')],
  customer: new DBRef('customers', ID),
};

function bsonOf(fields: object): Buffer {
  return Buffer.from(BSON.serialize(fields));
}

/** What becomes of a value whose own `_id` is the document id. */
function operationOf(value: ValueFormat, bytes: Buffer | string) {
  const rules = pipeline({ value, documentId: { from: 'field', field: '_id' } });
  return createToOperation(rules, NOW)(record({ value: bytes }));
}

describe('values in MongoDB’s own notations', () => {
  const written: [ValueFormat, Buffer | string][] = [
    ['bson', Buffer.from(BSON.serialize(DOCUMENT))],
    ['extended-json', BSON.EJSON.stringify(DOCUMENT, { relaxed: false })],
  ];
  for (const [format, bytes] of written) {
    test(`${format}: every type comes through, and an ObjectId is an id`, () => {
      const operation = operationOf(format, bytes);
      assert.ok(operation.kind === 'write' && operation.model.kind === 'upsert');
      const { _id, ...fields } = DOCUMENT;
      assert.deepEqual(
        Buffer.from(
          BSON.serialize({
            _id: operation.model.id,
            ...Object.fromEntries(Object.entries(operation.model.fields)),
          }),
        ),
        Buffer.from(BSON.serialize({ _id, ...fields })),
      );
      assert.equal(operation.model.idKey, 'o:65a000000000000000000001');
    });
  }

  test('an id is the same number, however it is written', () => {
    const keys = ['{"_id":5}', '{"_id":{"$numberLong":"5"}}', '{"_id":{"$numberDouble":"5.0"}}'].map(
      (json) => {
        const operation = operationOf('extended-json', json);
        return operation.kind === 'write' ? operation.model.idKey : operation.kind;
      },
    );
    assert.deepEqual(keys, ['n:5', 'n:5', 'n:5']);
  });

  const bad: [ValueFormat, Buffer | string, string][] = [
    ['bson', '{"a":1}', 'NOT_BSON'],
    ['bson', Buffer.alloc(0), 'NOT_BSON'],
    ['bson', Buffer.concat([BSON.serialize({ _id: 1 }), Buffer.from([0])]), 'NOT_BSON'],
    // js-bson takes the part before the point for a database's name, and puts $ref first
    ['bson', bsonOf({ _id: 1, a: { $ref: 'fs.files', $id: 1 } }), 'NOT_BSON'],
    ['bson', bsonOf({ _id: 1, a: { x: 1, $ref: 'c', $id: 1 } }), 'NOT_BSON'],
    ['bson', bsonOf({ _id: 1, $ref: 'c', $id: 1 }), 'NOT_BSON'],
    ['extended-json', '{"a":', 'NOT_JSON'],
    ['extended-json', '{"a":{"$oid":"x"}}', 'NOT_JSON'],
    ['extended-json', '[1]', 'NOT_AN_OBJECT'],
    ['extended-json', '{"$date":"2026-01-31T00:00:00Z"}', 'NOT_AN_OBJECT'],
    ['extended-json', '{"_id":9223372036854775808}', 'NUMBER_OUT_OF_RANGE'],
    ['extended-json', Buffer.from([0xff]), 'NOT_UTF8'],
  ];
  for (const [format, bytes, code] of bad) {
    test(`${format}: ${JSON.stringify(bytes.toString('latin1'))} is ${code}`, () => {
      const operation = operationOf(format, bytes);
      assert.equal(operation.kind === 'bad' && operation.code, code);
    });
  }
});
