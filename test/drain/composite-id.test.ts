import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DocumentIdRule } from '../../src/config/settings.js';
import { documentIdOf } from '../../src/drain/document-id.js';
import { idKeyOf, type IdOutcome } from '../../src/drain/id-values.js';
import { readKeyWith } from '../../src/drain/key-fields.js';
import { createToOperation } from '../../src/drain/operation.js';
import { fromExtendedJson } from '../../src/mongodb/extended-json.js';
import { idBy, NOW, pipeline, record } from './builders.js';

const OF_VALUE: DocumentIdRule = { from: 'fields', fields: ['b', 'a'] };
const OF_KEY: DocumentIdRule = { from: 'keyFields', fields: ['b', 'a'], format: 'json' };

function ofValue(fields: Record<string, unknown> | null, rule = OF_VALUE): IdOutcome {
  return idBy(rule, record(), fields);
}

function ofKey(key: string | Buffer | null, rule = OF_KEY): IdOutcome {
  return idBy(rule, record({ key }), null);
}

function codeOf(outcome: IdOutcome): string {
  return outcome.kind === 'bad' ? outcome.code : outcome.kind;
}

function idIn(outcome: IdOutcome): unknown {
  return outcome.kind === 'id' ? outcome.id : outcome.code;
}

describe('the id of several fields', () => {
  test('is an object of them in the order of the rule, whatever the order in the value', () => {
    assert.equal(JSON.stringify(idIn(ofValue({ a: 1, x: 0, b: 'x' }))), '{"b":"x","a":1}');
    assert.equal(JSON.stringify(idIn(ofKey('{"a":1,"x":0,"b":"x"}'))), '{"b":"x","a":1}');
  });

  test('is an object even of one field, not the bare value', () => {
    assert.deepEqual(idIn(ofValue({ a: 1, b: 'x' }, { from: 'fields', fields: ['a'] })), { a: 1 });
    assert.deepEqual(idIn(ofKey('{"a":1}', { from: 'keyFields', fields: ['a'], format: 'json' })), { a: 1 });
  });

  test('keeps a field named __proto__', () => {
    const id = idIn(
      ofKey('{"a":1,"__proto__":2}', { from: 'keyFields', fields: ['__proto__', 'a'], format: 'json' }),
    );
    assert.deepEqual(Object.entries(id as object), [
      ['__proto__', 2],
      ['a', 1],
    ]);
  });

  test('is missing where one of them is, and scalar in each', () => {
    assert.equal(codeOf(ofValue({ a: 1 })), 'ID_MISSING');
    assert.equal(codeOf(ofValue({ a: 1, b: null })), 'ID_MISSING');
    assert.equal(codeOf(ofValue({ a: 1, b: [] })), 'ID_NOT_SCALAR');
    assert.equal(codeOf(ofValue({ a: 1, b: 2 ** 60 })), 'UNSAFE_INTEGER');
    assert.equal(codeOf(ofValue(null)), 'TOMBSTONE_WITHOUT_ID');
  });

  test('has an idKey that is equal exactly where the index sees the same', () => {
    const keyOf = (a: unknown, b: unknown) => {
      const outcome = ofValue({ a, b });
      return outcome.kind === 'id' ? outcome.idKey : outcome.code;
    };
    assert.equal(keyOf(1, 0), keyOf(1n, -0));
    const keys = [
      keyOf(1, 2),
      keyOf(2, 1),
      keyOf('1', 2),
      keyOf('1', '2'),
      keyOf(true, 2),
      keyOf('a","s:b', 'c'),
      keyOf('a', 'b","s:c'),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe('the id of a field of the key', () => {
  const rule: DocumentIdRule = { from: 'keyField', field: 'id', format: 'json' };

  test('is a scalar of a JSON object, with or without a value', () => {
    assert.equal(idIn(ofKey('{"id":7}', rule)), 7);
    assert.equal(idIn(ofKey('{"id":"7","no":1}', rule)), '7');
  });

  for (const [key, code] of [
    [null, 'ID_MISSING'],
    ['7', 'NOT_AN_OBJECT'],
    ['[7]', 'NOT_AN_OBJECT'],
    ['null', 'NOT_AN_OBJECT'],
    ['{', 'NOT_JSON'],
    [Buffer.from([255]), 'NOT_UTF8'],
    ['{"no":7}', 'ID_MISSING'],
    ['{"id":{"a":1}}', 'ID_NOT_SCALAR'],
    ['{"id":9007199254740993}', 'UNSAFE_INTEGER'],
    ['{"schema":{},"payload":{"id":7}}', 'ID_MISSING'],
  ] as const) {
    test(`of the key ${key instanceof Buffer ? 'of other bytes' : String(key)} is ${code}`, () => {
      assert.equal(codeOf(ofKey(key, rule)), code);
    });
  }

  test('keeps integers that a double cannot hold where the values do', () => {
    const fields = readKeyWith({ ...pipeline({ largeIntegers: 'long' }), keyFormat: 'json' });
    const whole = (): never => assert.fail('the key is not the id as a whole');
    const of = (key: string) =>
      documentIdOf(rule, record({ key }), null, 1, { fields, whole, takesObjects: false, isText: false });
    assert.equal(idIn(of('{"id":9007199254740993}')), 9007199254740993n);
    assert.equal(codeOf(of('{"id":99999999999999999999}')), 'UNSAFE_INTEGER');
  });

  test('lets tombstones delete', () => {
    const toOperation = createToOperation(pipeline({ documentId: rule }), NOW);
    const done = toOperation(record({ key: '{"id":7}', value: null }));
    assert.ok(done.kind === 'write' && done.model.kind === 'delete');
    assert.deepEqual([done.model.id, done.model.purgeAt], [7, NOW]);
    const hard = createToOperation(pipeline({ documentId: rule, deletes: 'hard' }), NOW);
    const removed = hard(record({ key: '{"id":7}', value: null }));
    assert.ok(removed.kind === 'write' && removed.model.kind === 'delete');
    assert.equal(removed.model.purgeAt, null);
  });
});

describe('an _id that a value brings', () => {
  const bring = (own: string, key: string, value: 'json' | 'extended-json' = 'json') => {
    const rules = pipeline({ documentId: { from: 'keyFields', fields: ['a', 'b'], format: 'json' }, value });
    return createToOperation(rules, NOW)(record({ key, value: `{"_id":${own}}` })).kind;
  };

  test('may be the object of several fields that is the id, in its order', () => {
    assert.equal(bring('{"a":1,"b":"x"}', '{"b":"x","a":1}'), 'write');
    assert.equal(bring('{"a":{"$numberLong":"1"},"b":"x"}', '{"b":"x","a":1}', 'extended-json'), 'write');
    assert.equal(bring('{"b":"x","a":1}', '{"b":"x","a":1}'), 'bad');
    assert.equal(bring('{"a":1}', '{"b":"x","a":1}'), 'bad');
  });

  test('is the same ObjectId as another object of the same digits', () => {
    const digits = '596e275826f08b2730779e1f';
    const [one, other] = [fromExtendedJson(`{"$oid":"${digits}"}`), fromExtendedJson(`{"$oid":"${digits}"}`)];
    assert.equal(idKeyOf(one), idKeyOf(other));
    assert.equal(idKeyOf(one), `o:${digits}`);
  });
});
