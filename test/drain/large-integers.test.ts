import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, Decimal128 } from 'mongodb';
import type { DocumentIdRule, PipelineSettings } from '../../src/config/settings.js';
import { decodeValue } from '../../src/drain/decode.js';
import { idKeyOf } from '../../src/drain/id-values.js';
import { createToOperation } from '../../src/drain/operation.js';
import { matchText } from '../../src/mongodb/documents.js';
import { NOW, pipeline, record } from './builders.js';

const BIG = '9007199254740993';
const HUGE = '9223372036854775808';

function decode(largeIntegers: PipelineSettings['largeIntegers'], json: string): unknown {
  const decoded = decodeValue(pipeline({ largeIntegers }), Buffer.from(json));
  return decoded.kind === 'bad' ? decoded.code : decoded.fields;
}

describe('integers that a double cannot hold', () => {
  test('are refused unless somebody says what they shall become', () => {
    assert.equal(decode('reject', `{"n":${BIG}}`), 'UNSAFE_INTEGER');
    assert.deepEqual(decode('reject', `{"n":"${BIG}","m":1e300,"o":1.5}`), { n: BIG, m: 1e300, o: 1.5 });
  });

  test('become 64-bit integers, decimals or texts, wherever they are', () => {
    const json = `{"a":{"b":[1,${BIG},-${BIG}]},"c":7}`;
    assert.deepEqual(decode('long', json), { a: { b: [1, BigInt(BIG), -BigInt(BIG)] }, c: 7 });
    assert.deepEqual(decode('string', json), { a: { b: [1, BIG, `-${BIG}`] }, c: 7 });
    const decimal = (text: string) => Decimal128.fromString(text);
    assert.deepEqual(decode('decimal', json), { a: { b: [1, decimal(BIG), decimal(`-${BIG}`)] }, c: 7 });
  });

  test('are refused where they do not fit what they shall become', () => {
    assert.equal(decode('long', `{"n":${HUGE}}`), 'UNSAFE_INTEGER');
    assert.deepEqual(decode('long', `{"n":-${HUGE}}`), { n: -(2n ** 63n) });
    assert.equal(decode('decimal', `{"n":${'9'.repeat(35)}}`), 'UNSAFE_INTEGER');
    assert.deepEqual(decode('string', `{"n":${'9'.repeat(35)}}`), { n: '9'.repeat(35) });
  });

  test('leave texts, keys and their order alone, whatever these look like', () => {
    const json = `{"2":"#${BIG}","1":"a\\"${BIG}","#":"##1#","${BIG}":"\\\\","n":${BIG},"__proto__":{"x":${BIG}}}`;
    const fields = decode('string', json) as Record<string, unknown>;
    const expected = JSON.parse(json.replaceAll(`:${BIG}`, `:"${BIG}"`)) as Record<string, unknown>;
    assert.deepEqual(Object.entries(fields), Object.entries(expected));
    assert.ok(Object.hasOwn(fields, '__proto__'));
  });

  test('do not excuse anything else', () => {
    assert.equal(decode('long', `{"n":${BIG},"m":1e999}`), 'NUMBER_OUT_OF_RANGE');
    assert.equal(decode('long', `[${BIG}]`), 'NOT_AN_OBJECT');
    assert.equal(decode('long', `{"n":${BIG}`), 'NOT_JSON');
  });
});

/** As in the table of docs/formats.md: how a number is written, and its type without and with `largeIntegers: long`. */
const STORED: readonly (readonly [string, string, string])[] = [
  ['7', '{"$numberInt":"7"}', '{"$numberInt":"7"}'],
  ['-2147483648', '{"$numberInt":"-2147483648"}', '{"$numberInt":"-2147483648"}'],
  ['2.0', '{"$numberInt":"2"}', '{"$numberInt":"2"}'],
  ['1e3', '{"$numberInt":"1000"}', '{"$numberInt":"1000"}'],
  ['2147483648', '{"$numberDouble":"2147483648.0"}', '{"$numberLong":"2147483648"}'],
  ['-2147483649', '{"$numberDouble":"-2147483649.0"}', '{"$numberLong":"-2147483649"}'],
  ['3e9', '{"$numberDouble":"3000000000.0"}', '{"$numberLong":"3000000000"}'],
  ['9007199254740991', '{"$numberDouble":"9007199254740991.0"}', '{"$numberLong":"9007199254740991"}'],
  [BIG, 'UNSAFE_INTEGER', `{"$numberLong":"${BIG}"}`],
  [HUGE, 'UNSAFE_INTEGER', 'UNSAFE_INTEGER'],
  ['1.5', '{"$numberDouble":"1.5"}', '{"$numberDouble":"1.5"}'],
  ['1e300', '{"$numberDouble":"1e+300"}', '{"$numberDouble":"1e+300"}'],
  ['-0', '{"$numberDouble":"-0.0"}', '{"$numberDouble":"-0.0"}'],
  ['1e400', 'NUMBER_OUT_OF_RANGE', 'NUMBER_OUT_OF_RANGE'],
];

describe('a number of JSON', () => {
  const stored = (largeIntegers: PipelineSettings['largeIntegers'], number: string): string => {
    const fields = decode(largeIntegers, `{"list":[{"n":${number}}]}`);
    if (typeof fields === 'string') return fields;
    const read = BSON.deserialize(BSON.serialize(fields as BSON.Document), { promoteValues: false });
    const [{ n }] = read['list'] as [{ n: unknown }];
    return BSON.EJSON.stringify(n, { relaxed: false });
  };
  for (const [number, usual, long] of STORED) {
    test(`${number} is stored as ${usual}, with largeIntegers: long as ${long}`, () => {
      assert.equal(stored('reject', number), usual);
      assert.equal(stored('long', number), long);
    });
  }

  test('keeps its place and its neighbours where it becomes a long', () => {
    const json = '{"b":3000000000,"__proto__":4000000000,"a":[null,3000000000,"x",{}],"t":"3000000000"}';
    assert.deepEqual(Object.entries(decode('long', json) as object), [
      ['b', 3000000000n],
      ['__proto__', 4000000000n],
      ['a', [null, 3000000000n, 'x', {}]],
      ['t', '3000000000'],
    ]);
  });
});

describe('integers that a double cannot hold, in keys of JSON', () => {
  const rules: readonly (readonly [string, DocumentIdRule, (id: unknown) => unknown, string])[] = [
    ['the whole key', { from: 'key', format: 'json' }, (id) => id, BIG],
    ['a field of the key', { from: 'keyField', field: 'id', format: 'json' }, (id) => id, `{"id":${BIG}}`],
    ['several fields of it', { from: 'keyFields', fields: ['id', 'no'], format: 'json' }, (id) => ({ id, no: 1 }), `{"no":1,"id":${BIG}}`],
    ['a field of the value', { from: 'field', field: 'id' }, (id) => id, ''],
  ]; // prettier-ignore
  for (const [what, documentId, shaped, key] of rules) {
    const idBy = (largeIntegers: PipelineSettings['largeIntegers'], digits = BIG): unknown => {
      const settings = pipeline({ documentId, largeIntegers });
      const sent = { key: key.replace(BIG, digits), value: `{"id":${digits}}` };
      const done = createToOperation(settings, NOW)(record(sent));
      if (done.kind === 'bad') return done.code;
      assert.ok(done.kind === 'write');
      return done.model.id;
    };

    test(`become ids of the type that is asked for: ${what}`, () => {
      assert.equal(idBy('reject'), 'UNSAFE_INTEGER');
      assert.deepEqual(idBy('long'), shaped(BigInt(BIG)));
      assert.deepEqual(idBy('string'), shaped(BIG));
      assert.deepEqual(idBy('decimal'), shaped(Decimal128.fromString(BIG)));
      assert.deepEqual(idBy('decimal', `-${HUGE}`), shaped(Decimal128.fromString(`-${HUGE}`)));
      assert.equal(idBy('long', HUGE), 'UNSAFE_INTEGER');
      assert.deepEqual(idBy('long', '7'), shaped(7));
      assert.deepEqual(idBy('long', '3000000000'), shaped(3000000000n));
    });
  }

  test('are the same id as a 64-bit integer and as a decimal, as to the index, and decimals of another form are none', () => {
    const keyOf = (value: unknown) => idKeyOf(value);
    assert.equal(keyOf(Decimal128.fromString(BIG)), keyOf(BigInt(BIG)));
    assert.equal(keyOf(Decimal128.fromString('7')), keyOf(7));
    assert.equal(matchText(Decimal128.fromString(BIG)), matchText(BigInt(BIG)));
    for (const text of ['7.0', '7E+2', '-0', '0.5', 'NaN', 'Infinity'])
      assert.equal(keyOf(Decimal128.fromString(text)), null, text);
  });
});
