import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createToOperation, type Operation, type OperationRules } from '../../src/drain/operation.js';
import { BASE_TIME, pipeline, record, type RecordOverrides } from './builders.js';

const PURGE_AT = new Date('2026-01-09T00:00:00Z');

function operation(rules: Partial<OperationRules>, overrides: RecordOverrides): Operation {
  return createToOperation({ ...pipeline(), ...rules }, PURGE_AT)(record(overrides));
}

function outcome(done: Operation): string {
  return done.kind === 'bad' ? `${done.stage}: ${done.code}` : done.kind;
}

function fieldsOf(done: Operation): unknown {
  return done.kind === 'write' && done.model.kind === 'upsert' ? done.model.fields : outcome(done);
}

describe('a record with a value', () => {
  test('becomes an upsert with id, fields and the version that its place in the log gives it', () => {
    const done = operation({ epoch: 2 }, { partition: 3, offset: 1042n, key: 'o-1', value: '{"a":1}' });
    const version = { partition: 'orders-3', offset: 1042n, timestampMs: BASE_TIME + 1042, epoch: 2 };
    assert.deepEqual(done, {
      kind: 'write',
      model: { kind: 'upsert', id: 'o-1', idKey: 'o-1', version, fields: { a: 1 } },
    });
  });

  test('keeps the order of its fields', () => {
    const fields = fieldsOf(operation({}, { value: '{"z":1,"_id":"o-1","a":2,"m":3}' }));
    assert.deepEqual(Object.keys(fields as object), ['z', 'a', 'm']);
  });

  const ids: readonly (readonly [string, Partial<OperationRules>, RecordOverrides, string])[] = [
    ['equal to the key', {}, { value: '{"_id":"o-1"}' }, 'write'],
    ['other than the key', {}, { value: '{"_id":"o-2"}' }, 'id: ID_MISMATCH'],
    ['that only looks like the key', {}, { key: '1', value: '{"_id":1}' }, 'id: ID_MISMATCH'],
    ['null', {}, { value: '{"_id":null}' }, 'id: ID_MISMATCH'],
    ['an object', {}, { value: '{"_id":{"$oid":"1"}}' }, 'id: ID_MISMATCH'],
    [
      'a number equal to the JSON key',
      { documentId: { from: 'key', format: 'json' } },
      { key: '1', value: '{"_id":1.0}' },
      'write',
    ],
    [
      '-0 with the JSON key 0',
      { documentId: { from: 'key', format: 'json' } },
      { key: '0', value: '{"_id":-0}' },
      'write',
    ],
    [
      'beside a key of bytes',
      { documentId: { from: 'key', format: 'bytes' } },
      { value: '{"_id":"o-1"}' },
      'id: ID_MISMATCH',
    ],
    [
      'beside coordinates',
      { documentId: { from: 'coordinates' } },
      { value: '{"_id":"o-1"}' },
      'id: ID_MISMATCH',
    ],
    [
      'equal to the coordinates',
      { documentId: { from: 'coordinates' } },
      { value: '{"_id":"orders-0-1"}' },
      'write',
    ],
    [
      'that is the field of the id',
      { documentId: { from: 'field', field: '_id' } },
      { value: '{"_id":7}' },
      'write',
    ],
  ];
  for (const [what, rules, overrides, expected] of ids) {
    test(`that brings an _id ${what}: ${expected}`, () => {
      assert.equal(outcome(operation(rules, overrides)), expected);
    });
  }

  test('is bad where it brings the reserved field, whatever is in it', () => {
    assert.equal(outcome(operation({}, { value: '{"a":1,"_kafka":null}' })), 'id: RESERVED_FIELD');
    assert.equal(outcome(operation({}, { value: '{"\\u005fkafka":{"offset":1}}' })), 'id: RESERVED_FIELD');
  });

  test('may use the reserved name below the top level', () => {
    assert.deepEqual(fieldsOf(operation({}, { value: '{"a":{"_kafka":1,"_id":2}}' })), {
      a: { _kafka: 1, _id: 2 },
    });
  });

  test('keeps __proto__ as a field although an _id is taken out', () => {
    const fields = fieldsOf(operation({}, { value: '{"_id":"o-1","__proto__":{"a":1}}' })) as object;
    assert.deepEqual(Object.keys(fields), ['__proto__']);
    assert.equal(Object.getPrototypeOf(fields), Object.prototype);
  });

  test('is bad where its id is, even if its value could be stored', () => {
    assert.equal(outcome(operation({}, { key: null })), 'id: ID_MISSING');
  });

  test('is bad where its value is, even if it has no id either', () => {
    assert.equal(outcome(operation({}, { key: null, value: '{' })), 'decode: NOT_JSON');
  });

  test('is stored as { value } with the formats string and bytes', () => {
    assert.deepEqual(fieldsOf(operation({ value: 'string' }, { value: 'x' })), { value: 'x' });
    assert.deepEqual(fieldsOf(operation({ value: 'bytes' }, { value: Buffer.from([255]) })), {
      value: Buffer.from([255]),
    });
  });

  test('that is empty is no tombstone', () => {
    assert.deepEqual(fieldsOf(operation({ value: 'string' }, { value: '' })), { value: '' });
    assert.equal(outcome(operation({}, { value: '' })), 'decode: NOT_JSON');
  });
});

describe('a tombstone', () => {
  const tombstone = { value: null, offset: 7n };

  test('becomes a delete that is purged when the plan says so', () => {
    const done = operation({}, tombstone);
    const version = { partition: 'orders-0', offset: 7n, timestampMs: BASE_TIME + 7, epoch: 1 };
    assert.deepEqual(done, {
      kind: 'write',
      model: { kind: 'delete', id: 'o-1', idKey: 'o-1', version, purgeAt: PURGE_AT },
    });
  });

  const rules: readonly (readonly [string, Partial<OperationRules>, RecordOverrides, string])[] = [
    ['without a key', {}, { ...tombstone, key: null }, 'id: ID_MISSING'],
    ['with a key that is not UTF-8', {}, { ...tombstone, key: Buffer.from([255]) }, 'id: NOT_UTF8'],
    ['where a field of the value is the id', { documentId: { from: 'field', field: 'orderId' } }, tombstone, 'id: TOMBSTONE_WITHOUT_ID'],
    ['where coordinates are the id', { documentId: { from: 'coordinates' } }, tombstone, 'skip'],
    ['where deletes are ignored', { deletes: 'ignore' }, tombstone, 'skip'],
    ['without a key where deletes are ignored', { deletes: 'ignore' }, { ...tombstone, key: null }, 'skip'],
    ['where a field is the id and deletes are ignored', { deletes: 'ignore', documentId: { from: 'field', field: 'f' } }, tombstone, 'skip'],
    ['of a pipeline of bytes', { value: 'bytes' }, tombstone, 'write'],
  ]; // prettier-ignore
  for (const [where, given, overrides, expected] of rules) {
    test(`${where}: ${expected}`, () => {
      assert.equal(outcome(operation(given, overrides)), expected);
    });
  }
});
