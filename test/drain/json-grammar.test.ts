import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeValue } from '../../src/drain/decode.js';
import { pipeline } from './builders.js';

/**
 * Where parsers of JSON are known to disagree, after RFC 8259; each is tried as the value of a field and, if it is an object,
 * as the whole record.
 */
const VALID = [
  ...['[]', '[ ]', '[[]]', '[""]', '{}', '{ }', '[null]', '[1]', '[1,2]', '[\n1\t,\r2 ]', 'true', 'false', 'null', '""', '" "', '0', '-0', '-1', '10'],
  ...['1e1', '1E1', '1e+1', '1e-1', '0e1', '0e+1', '0E-0', '1.0', '-1.5e-10', '123.456e78', '1e-500', '-1e-500', '0.1e1', '1E22', '20e1'],
  ...['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u0041"', '"\\u00e9"', '"\\uD834\\uDD1E"', '"\\u0000"', '"\\uFFFF"', '"\\uFDD0"', '"\\u2028"', '"\u2028\u2029"'],
  ...['"\u007f"', '"é"', '"€"', '"😀"', '"\ufeff"', '"\ufffd"', '"/*x*/"', '"//"', '"\\\\u0000"', '"\\\\\\""', '"a\\u0022b"'],
  ...['{"a":1}', '{"":0}', '{"a":1,"a":2}', '{"a":{"a":{}}}', '{"a":[{}]}', '{"\\u0061":1}', '{"x":[{"id":"a"}],"id":"b"}', '{"a":"\\u0000"}'],
]; // prettier-ignore

const INVALID = [
  ...['', ' ', '[', ']', '{', '}', '[1', '1]', '[1,]', '[,1]', '[,]', '[1,,2]', '[1 2]', '[1:2]', '["a":1]', '[[]', '[]]', '[}', '{]', '[1}', '{"a":1]'],
  ...['{"a"}', '{"a":}', '{:1}', '{"a":1,}', '{,}', '{"a":1,,"b":2}', '{"a" 1}', '{a:1}', "{'a':1}", '{1:1}', '{null:1}', '{"a":1 "b":2}', '{"a"::1}', '{"a":1}}', '{"a","b"}', '{"a":1}#', '{"a":1}/**/'],
  ...['01', '-01', '-', '+1', '--1', '1.', '.1', '-.1', '1.e1', '1e', '1e+', '1E-', '1ea', '1e1.5', '1.2.3', '0x1', '1_0', '1 000', '0.e1', '-a', '1a', '９', 'Infinity', '-Infinity', 'NaN', '-NaN', 'nan', 'inf'],
  ...['tru', 'True', 'TRUE', 'fals', 'nul', 'nulll', 'undefined', 'truefalse', '"', '"a', 'a"', '"\\"', '"\\', '"\\x41"', '"\\a"', '"\\u"', '"\\u0"', '"\\u00"', '"\\u00G0"', '"\\U0041"', '"\\ ', '"\\\u0000"', '"\\😀"'],
  ...['"\n"', '"\t"', '"\u0000"', '"\u001f"', '\u0000', '\u00a01', '\u20281', '\v1', '\f1', '// x\n1', '/**/1', '#1', '1;', '(1)', '\ufeff1', '"a" "b"', '$', '`1`', '\\n1'],
]; // prettier-ignore

/** Valid by the letter, and yet nothing that MongoDB could keep as it is. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['1e400', 'NUMBER_OUT_OF_RANGE'],
  ['-1e400', 'NUMBER_OUT_OF_RANGE'],
  ['123123e100000', 'NUMBER_OUT_OF_RANGE'],
  ['9007199254740993', 'UNSAFE_INTEGER'],
  ['-123123123123123123123123123123', 'UNSAFE_INTEGER'],
  ['"\\uD800"', 'LONE_SURROGATE'],
  ['"\\uDFAA"', 'LONE_SURROGATE'],
  ['"\\uD800\\uD800\\n"', 'LONE_SURROGATE'],
  ['"\\uDd1e\\uD834"', 'LONE_SURROGATE'],
  ['"\\uD800abc"', 'LONE_SURROGATE'],
  ['{"\\uDFAA":0}', 'LONE_SURROGATE'],
  ['{"a\\u0000b":1}', 'UNSTORABLE_KEY'],
];

const NOT_UTF8: readonly number[][] = [
  ...[[0x22, 0xe9, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ...[[0x22, 0xe0, 0xff, 0x22], [0x22, 0x80, 0x22], [0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22], [0x22, 0xe2, 0x82, 0x22], [0xff], [0xff, 0xfe, 0x5b, 0x00]],
]; // prettier-ignore

function decode(value: Buffer): { code: string; fields: unknown } {
  const decoded = decodeValue(pipeline(), value);
  return decoded.kind === 'bad'
    ? { code: decoded.code, fields: null }
    : { code: 'fields', fields: decoded.fields };
}

const asField = (value: string): Buffer => Buffer.from(`{"f":${value}}`);

describe("JSON's grammar", () => {
  test(`${String(VALID.length)} valid values decode to what JSON.parse says`, () => {
    for (const value of VALID) {
      const expected: unknown = JSON.parse(value);
      assert.deepEqual(decode(asField(value)), { code: 'fields', fields: { f: expected } }, value);
      if (value.startsWith('{'))
        assert.deepEqual(decode(Buffer.from(value)), { code: 'fields', fields: expected }, value);
    }
  });

  test(`${String(INVALID.length)} invalid ones are no JSON, as a field and on their own`, () => {
    for (const value of INVALID) {
      for (const bytes of [asField(value), Buffer.from(value)])
        assert.equal(decode(bytes).code, 'NOT_JSON', JSON.stringify(value));
    }
  });

  test('what is valid and cannot be kept as it is has a code of its own', () => {
    for (const [value, code] of REFUSED) assert.equal(decode(asField(value)).code, code, value);
  });

  test('bytes that are no UTF-8 are refused before anything is parsed', () => {
    for (const bytes of NOT_UTF8) {
      const value = Buffer.concat([Buffer.from('{"f":'), Buffer.from(bytes), Buffer.from('}')]);
      assert.equal(decode(value).code, 'NOT_UTF8', value.toString('hex'));
    }
  });

  test('a value cut anywhere is no JSON', () => {
    const whole = '{"a":[1,-2.5e3,true,null,"x\\u0041\\n"],"b":{"c":{}}}';
    for (let end = 0; end < whole.length; end += 1)
      assert.equal(decode(Buffer.from(whole.slice(0, end))).code, 'NOT_JSON', whole.slice(0, end));
  });
});
