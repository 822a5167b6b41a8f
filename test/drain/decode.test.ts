import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import { BSON } from 'mongodb';
import type { BadRecordCode } from '../../src/drain/bad-record.js';
import { decodeValue, type Decoded } from '../../src/drain/decode.js';
import { pipeline, seededRandom } from './builders.js';

const MAX_DEPTH = 100;
/** Limits that nothing here reaches. */
const UNLIMITED: PipelineSettings['recordLimits'] = {
  maxBytes: 2 ** 30,
  maxDepth: MAX_DEPTH,
  maxKeys: 2 ** 30,
};

const rules = (overrides: Partial<PipelineSettings> = {}) => pipeline(overrides);
const json = (value: string | Buffer): Decoded => decodeValue(rules(), Buffer.from(value));
const largeJson = (value: string): Decoded =>
  decodeValue(rules({ recordLimits: UNLIMITED }), Buffer.from(value));

function outcome(decoded: Decoded): string {
  return decoded.kind === 'bad' ? decoded.code : 'fields';
}

function nested(levels: number, open = '{"a":', inner = '1', close = '}'): string {
  return open.repeat(levels) + inner + close.repeat(levels);
}

interface Case {
  what: string;
  value: string | Buffer;
  /** `fields`: it decodes to what `JSON.parse` says. */
  is: BadRecordCode | 'fields';
}

const CORPUS: readonly Case[] = [
  { what: 'an object', value: '{"a":1,"b":[true,null,"x"],"c":{"d":-1.5}}', is: 'fields' },
  { what: 'an empty object', value: '{}', is: 'fields' },
  { what: 'blanks around it', value: ' \n\t{ "a" : 1 } \r\n', is: 'fields' },
  { what: 'escapes that are no surrogates', value: '{"\\u0061":"\\u00e9\\n"}', is: 'fields' },
  { what: 'a surrogate pair, escaped', value: '{"a":"\\ud83d\\ude00"}', is: 'fields' },
  { what: 'a surrogate pair, plain', value: '{"😀":"😀"}', is: 'fields' },
  { what: 'NUL in a text', value: '{"a":"x\\u0000y"}', is: 'fields' },
  { what: 'a text that looks like an operator', value: '{"a":"$where"}', is: 'fields' },

  { what: 'nothing at all', value: '', is: 'NOT_JSON' },
  { what: 'blanks', value: '  ', is: 'NOT_JSON' },
  { what: 'half an object', value: '{"a":', is: 'NOT_JSON' },
  { what: 'something behind the object', value: '{"a":1}x', is: 'NOT_JSON' },
  { what: 'two objects', value: '{"a":1}{"a":2}', is: 'NOT_JSON' },
  { what: 'a comma too many', value: '{"a":1,}', is: 'NOT_JSON' },
  { what: 'single quotes', value: "{'a':1}", is: 'NOT_JSON' },
  { what: 'NaN', value: '{"a":NaN}', is: 'NOT_JSON' },
  { what: 'a raw control character in a text', value: '{"a":"x\ny"}', is: 'NOT_JSON' },
  { what: 'a byte order mark', value: '\ufeff{"a":1}', is: 'NOT_JSON' },
  { what: 'the header of a schema registry', value: Buffer.from([0, 0, 0, 0, 7, 2, 97]), is: 'NOT_JSON' },
  { what: 'a byte that UTF-8 never has', value: Buffer.from([0x7b, 0xff, 0x7d]), is: 'NOT_UTF8' },
  { what: 'Latin-1', value: Buffer.from('{"a":"é"}', 'latin1'), is: 'NOT_UTF8' },
  { what: 'UTF-16', value: Buffer.from('\ufeff{"a":1}', 'utf16le'), is: 'NOT_UTF8' },
  { what: 'an overlong form', value: Buffer.from([0x22, 0xc0, 0xaf, 0x22]), is: 'NOT_UTF8' },
  { what: 'a surrogate in UTF-8', value: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), is: 'NOT_UTF8' },
  { what: 'half a character at the end', value: Buffer.from([0x7b, 0x7d, 0xe2, 0x82]), is: 'NOT_UTF8' },
  { what: 'null', value: 'null', is: 'NOT_AN_OBJECT' },
  { what: 'a number', value: '1', is: 'NOT_AN_OBJECT' },
  { what: 'a text', value: '"x"', is: 'NOT_AN_OBJECT' },
  { what: 'a boolean', value: 'false', is: 'NOT_AN_OBJECT' },
  { what: 'an array', value: '[{"a":1}]', is: 'NOT_AN_OBJECT' },

  { what: `${String(MAX_DEPTH)} levels`, value: nested(MAX_DEPTH), is: 'fields' },
  { what: '101 levels', value: nested(MAX_DEPTH + 1), is: 'TOO_DEEP' },
  { what: '100 levels, the inner ones arrays', value: `{"a":${nested(99, '[', '', ']')}}`, is: 'fields' },
  { what: '101 levels, the inner ones arrays', value: `{"a":${nested(100, '[', '', ']')}}`, is: 'TOO_DEEP' },
  { what: '101 levels behind shallow fields', value: `{"x":[1],"a":${nested(100)}}`, is: 'TOO_DEEP' },
  { what: '100,000 levels', value: nested(100_000), is: 'TOO_DEEP' },
  { what: '100,000 levels of arrays', value: `{"a":${nested(100_000, '[', '', ']')}}`, is: 'TOO_DEEP' },
  { what: '100,000 levels left open', value: '{"a":'.repeat(100_000), is: 'TOO_DEEP' },

  { what: '2^53 - 1', value: '{"a":9007199254740991,"b":-9007199254740991}', is: 'fields' },
  { what: '2^53', value: '{"a":9007199254740992}', is: 'UNSAFE_INTEGER' },
  { what: '-2^53', value: '{"a":-9007199254740992}', is: 'UNSAFE_INTEGER' },
  { what: '2^53 + 1', value: '{"a":9007199254740993}', is: 'UNSAFE_INTEGER' },
  { what: 'a 64-bit id deep inside', value: '{"a":[{"b":[1,12345678901234567890]}]}', is: 'UNSAFE_INTEGER' },
  {
    what: 'an unsafe integer after a large float',
    value: '{"a":1e300,"b":9007199254740993}',
    is: 'UNSAFE_INTEGER',
  },
  {
    what: 'an unsafe integer before a large float',
    value: '{"b":9007199254740993,"a":1e300}',
    is: 'UNSAFE_INTEGER',
  },
  { what: 'an unsafe integer inside a text only', value: '{"a":1e300,"b":"9007199254740993"}', is: 'fields' },
  {
    what: 'an unsafe integer after an escaped quote',
    value: '{"a":1e300,"b":"\\",9007199254740993,\\""}',
    is: 'fields',
  },
  { what: '1e300', value: '{"a":1e300,"b":-1E+300}', is: 'fields' },
  { what: 'a large float next to a fault', value: '{"a":1e300,"b":"\\ud800"}', is: 'LONE_SURROGATE' },
  { what: 'a large float above too many levels', value: `{"a":1e300,"b":${nested(100)}}`, is: 'TOO_DEEP' },
  { what: '1e400', value: '{"a":1e400}', is: 'NUMBER_OUT_OF_RANGE' },
  { what: '-1e400', value: '{"a":[-1e400]}', is: 'NUMBER_OUT_OF_RANGE' },
  { what: '1e400 next to 1e300', value: '{"b":1e300,"a":1e400}', is: 'NUMBER_OUT_OF_RANGE' },
  { what: 'an integer of 400 digits', value: `{"a":${'9'.repeat(400)}}`, is: 'NUMBER_OUT_OF_RANGE' },
  { what: '-0', value: '{"a":-0,"b":-0.0}', is: 'fields' },
  { what: '1e-400', value: '{"a":1e-400}', is: 'fields' },
  { what: 'a long fraction', value: '{"a":0.12345678901234567890123}', is: 'fields' },

  { what: 'a lone high surrogate in a text', value: '{"a":"\\ud83d"}', is: 'LONE_SURROGATE' },
  { what: 'a lone low surrogate in a text', value: '{"a":["x\\ude00y"]}', is: 'LONE_SURROGATE' },
  { what: 'surrogates in the wrong order', value: '{"a":"\\ude00\\ud83d"}', is: 'LONE_SURROGATE' },
  { what: 'a lone surrogate in a key', value: '{"a":{"\\ud83d":1}}', is: 'LONE_SURROGATE' },
  { what: 'an escaped backslash before u', value: '{"a":"\\\\ud83d"}', is: 'fields' },
  { what: 'NUL in a key', value: '{"a\\u0000b":1}', is: 'UNSTORABLE_KEY' },
  { what: 'NUL in a key inside an array', value: '{"a":[{"\\u0000":1}]}', is: 'UNSTORABLE_KEY' },
  { what: '_bsontype', value: '{"_bsontype":"ObjectId"}', is: 'UNSTORABLE_KEY' },
  { what: '_bsontype inside', value: '{"a":[{"_bsontype":"Long","low":1}]}', is: 'UNSTORABLE_KEY' },
  { what: '_bsontype, escaped', value: '{"\\u005fbsontype":"Code"}', is: 'UNSTORABLE_KEY' },
  { what: '_bsontype as a text', value: '{"a":"_bsontype"}', is: 'fields' },
  { what: 'a key that contains _bsontype', value: '{"a_bsontype":1}', is: 'fields' },
  { what: '$ at the beginning of the first key', value: '{"$set":{"a":1}}', is: 'UNSTORABLE_KEY' },
  { what: '$ at the beginning of the first key, escaped', value: '{"\\u0024set":1}', is: 'UNSTORABLE_KEY' },
  { what: '$ at the beginning of a later key', value: '{"a":1,"$b":2}', is: 'fields' },
  { what: '$ at the beginning of an inner key', value: '{"a":{"$b":2}}', is: 'fields' },
  { what: 'dotted keys', value: '{"a.b":{"c.d":1},".":2}', is: 'fields' },
  { what: 'empty keys', value: '{"":{"":1}}', is: 'fields' },
  { what: '__proto__', value: '{"__proto__":{"admin":true},"a":1}', is: 'fields' },
  {
    what: 'constructor, toString and hasOwnProperty',
    value: '{"constructor":1,"toString":2,"hasOwnProperty":3}',
    is: 'fields',
  },
  { what: 'integer-like keys', value: '{"b":1,"10":2,"2":3}', is: 'fields' },
];

describe('a JSON value', () => {
  for (const { what, value, is } of CORPUS) {
    test(`with ${what}: ${is === 'fields' ? 'decodes' : is}`, () => {
      const decoded = json(value);
      assert.equal(outcome(decoded), is);
      if (decoded.kind === 'fields') assert.deepEqual(decoded.fields, JSON.parse(String(value)));
      else assert.equal(decoded.stage, 'decode');
    });
  }

  test('with one key twice keeps the last, as JSON.parse does', () => {
    assert.deepEqual(json('{"a":1,"b":2,"a":3}'), { kind: 'fields', fields: { a: 3, b: 2 } });
  });

  test('keeps __proto__ as data and never as the prototype', () => {
    const decoded = json('{"__proto__":{"admin":true}}');
    assert.ok(decoded.kind === 'fields' && Object.hasOwn(decoded.fields, '__proto__'));
    assert.equal((decoded.fields as { admin?: unknown }).admin, undefined);
    assert.equal(Object.getPrototypeOf(decoded.fields), Object.prototype);
  });

  test('of a million keys decodes', () => {
    const decoded = largeJson(
      `{${Array.from({ length: 1_000_000 }, (_, i) => `"k${String(i)}":${String(i)}`).join(',')}}`,
    );
    assert.ok(decoded.kind === 'fields');
    assert.equal(Object.keys(decoded.fields).length, 1_000_000);
  });

  test('of a million items decodes', () => {
    const decoded = json(`{"a":[${'1,'.repeat(999_999)}1]}`);
    assert.ok(decoded.kind === 'fields' && (decoded.fields['a'] as number[]).length === 1_000_000);
  });

  test('with a text of 32 MB beside a large number is searched without overflowing the stack', () => {
    const text = 'x'.repeat(32 * 1024 * 1024);
    assert.equal(outcome(largeJson(`{"a":"${text}","b":1e300}`)), 'fields');
    assert.equal(outcome(largeJson(`{"a":"${text}","b":9007199254740993}`)), 'UNSAFE_INTEGER');
    assert.equal(outcome(largeJson(`{"a":"${'\\n'.repeat(8_000_000)}","b":1e300}`)), 'fields');
  });

  test('gives a reason without any of its content', () => {
    const templates = [
      '"X',
      '["X"]',
      '{"$X":1}',
      '{"X\\u0000":1}',
      '{"a":"X\\ud800"}',
      '{"X":1e400}',
      `{"X":${nested(100)}}`,
    ];
    for (const template of templates) {
      const [one, other] = ['secret', 'hidden'].map((word) => json(template.replace('X', word)));
      assert.equal(one?.kind, 'bad');
      assert.deepEqual(one, other);
    }
  });
});

describe('other formats', () => {
  test('string: the text is the field "value", a byte order mark and an empty text included', () => {
    for (const text of ['', 'x', '\ufeffx', '{"a":1}', 'a\0b', '😀']) {
      assert.deepEqual(decodeValue(rules({ value: 'string' }), Buffer.from(text)), {
        kind: 'fields',
        fields: { value: text },
      });
    }
  });

  test('string: bytes that are not UTF-8 are bad', () => {
    assert.equal(outcome(decodeValue(rules({ value: 'string' }), Buffer.from([0xff]))), 'NOT_UTF8');
  });

  test('bytes: any bytes are the field "value"', () => {
    const value = Buffer.from([0, 0xff, 0x7b]);
    assert.deepEqual(decodeValue(rules({ value: 'bytes' }), value), { kind: 'fields', fields: { value } });
  });
});

describe('10,000 fuzzed values', () => {
  const random = seededRandom(20_261_124);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const scalars = [
    '0', '-0', '1.5', '1e300', '1e400', '9007199254740991', '9007199254740992', '-9007199254740993', '12345678901234567890',
    'true', 'null', '""', '"x"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"_bsontype"', '"\\\\"', '"\\""', '1e', '-', 'x',
  ]; // prettier-ignore
  const keys = [
    'a', 'b', '', '$a', 'a.b', '__proto__', '_bsontype', '_id', '_kafka', '0', '17', 'constructor',
    '\\u0000', '\\ud800', '\\u0024', '\\u005fbsontype', 'é', '😀',
  ]; // prettier-ignore

  function text(depth: number): string {
    const kind = random();
    if (depth === 0 || kind < 0.4) return pick(scalars);
    const size = Math.floor(random() * 4);
    if (kind < 0.6) return `[${Array.from({ length: size }, () => text(depth - 1)).join(',')}]`;
    return `{${Array.from({ length: size }, () => `"${pick(keys)}":${text(depth - 1)}`).join(',')}}`;
  }

  /** Sometimes cut, a byte changed, or bytes put in. */
  function damaged(value: string): Buffer {
    const bytes = Buffer.from(value);
    const at = Math.floor(random() * (bytes.length + 1));
    const kind = random();
    if (kind < 0.75) return bytes;
    if (kind < 0.85) return bytes.subarray(0, at);
    if (kind < 0.95 && at < bytes.length) bytes[at] = Math.floor(random() * 256);
    return kind < 0.95 ? bytes : Buffer.concat([bytes.subarray(0, at), Buffer.from([0x80, 0x22])]);
  }

  test('never throw, and what decodes survives BSON unchanged', () => {
    const seen = new Map<string, number>();
    for (let i = 0; i < 10_000; i += 1) {
      const value = damaged(random() < 0.9 ? `{"${pick(keys)}":${text(5)}}` : text(5));
      const decoded = json(value);
      seen.set(outcome(decoded), (seen.get(outcome(decoded)) ?? 0) + 1);
      if (decoded.kind === 'bad') continue;
      assert.deepEqual(decoded.fields, JSON.parse(value.toString()), value.toString());
      const back = BSON.deserialize(BSON.serialize(decoded.fields), { promoteLongs: true });
      assert.deepEqual(back, decoded.fields, value.toString());
    }
    const expected = [
      'fields',
      'LONE_SURROGATE',
      'NOT_AN_OBJECT',
      'NOT_JSON',
      'NOT_UTF8',
      'NUMBER_OUT_OF_RANGE',
      'UNSAFE_INTEGER',
      'UNSTORABLE_KEY',
    ];
    assert.deepEqual(
      [...seen.keys()].sort(),
      expected.sort(),
      'every outcome that this grammar can have was met',
    );
  });
});
