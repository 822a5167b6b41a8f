import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, Code } from 'mongodb';
import { decodeValue, type DecodeRules } from '../../src/drain/decode.js';
import type { RecordLimits } from '../../src/drain/record-limits.js';
import { pipeline, seededRandom } from './builders.js';

const LIMITS: RecordLimits = { maxBytes: 1_000_000, maxDepth: 5, maxKeys: 20 };

function outcome(
  format: DecodeRules['value'],
  value: string | Uint8Array,
  limits: Partial<RecordLimits> = {},
): string {
  const rules = pipeline({ value: format, recordLimits: { ...LIMITS, ...limits } });
  const decoded = decodeValue(rules, Buffer.from(value));
  return decoded.kind === 'bad' ? decoded.code : 'fields';
}

type Json = null | number | string | Json[] | { [key: string]: Json };

/** The model: levels and keys of a value that is built. */
function shapeOf(value: Json): { depth: number; keys: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, keys: 0 };
  const inner = Object.values(value).map(shapeOf);
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    keys: own + inner.reduce((sum, { keys }) => sum + keys, 0),
  };
}

function expected(value: Json): string[] {
  const { depth, keys } = shapeOf(value);
  const faults = [
    ...(depth > LIMITS.maxDepth ? ['TOO_DEEP'] : []),
    ...(keys > LIMITS.maxKeys ? ['TOO_MANY_KEYS'] : []),
  ];
  return faults.length > 0 ? faults : ['fields'];
}

function nested(levels: number): Json {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

function withKeys(count: number): { [key: string]: Json } {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${String(index)}`, 0]));
}

const SHAPES: readonly { what: string; value: { [key: string]: Json } }[] = [
  { what: 'as many levels as allowed', value: { a: nested(4) } },
  { what: 'one level more', value: { a: nested(5) } },
  { what: 'as many keys as allowed', value: withKeys(20) },
  { what: 'one key more', value: withKeys(21) },
  { what: 'keys of all objects together', value: { a: withKeys(10), b: [withKeys(9)] } },
  {
    what: 'an array of more items than keys are allowed',
    value: { a: Array.from({ length: 100 }, () => 1) },
  },
  { what: 'levels of arrays', value: { a: [[[[]]]] } },
  { what: 'one level of arrays more', value: { a: [[[[[]]]]] } },
  { what: 'many shallow objects beside each other', value: { a: Array.from({ length: 50 }, () => ({})) } },
];

describe('levels and keys of a value', () => {
  for (const { what, value } of SHAPES) {
    test(`${what}: ${expected(value).join(' or ')}, in JSON, extended JSON and BSON`, () => {
      for (const format of ['json', 'extended-json'] as const)
        assert.ok(expected(value).includes(outcome(format, JSON.stringify(value))), format);
      assert.ok(expected(value).includes(outcome('bson', BSON.serialize(value))));
    });
  }

  test('brackets and colons inside of texts count for nothing', () => {
    const text = '"[[[[[[[[{{{{{{::::::::::::::::::::::::::::::\\\\\\"[[[[';
    const value = { [text]: text, a: `${text}\\` };
    assert.equal(outcome('json', JSON.stringify(value)), 'fields');
    assert.equal(outcome('json', JSON.stringify({ ...value, b: nested(5) })), 'TOO_DEEP');
  });

  test('what is no JSON ends as such, or at the limit that it breaks first', () => {
    assert.equal(outcome('json', '{"a":"[[[[[[[['), 'NOT_JSON');
    assert.equal(outcome('json', '{"a":[[[[[[[['), 'TOO_DEEP');
    assert.equal(outcome('json', `{${':'.repeat(200)}`), 'TOO_MANY_KEYS');
    assert.equal(outcome('json', ']'.repeat(200) + '{"a":1}'), 'NOT_JSON');
  });

  test('the scope of code counts as a level, and every type of BSON is passed over', () => {
    const bson = (value: object): string => outcome('bson', BSON.serialize(value), { maxKeys: 100 });
    const { Binary, BSONRegExp, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } = BSON;
    const types = {
      ...{ a: new Double(1.5), b: 'text', c: new Binary(Buffer.alloc(300)), d: new ObjectId(), e: true },
      ...{ f: new Date(0), g: null, h: new BSONRegExp('a+', 'i'), i: new Code('f()'), j: new Int32(1) },
      ...{ k: Timestamp.fromBits(1, 2), l: Long.fromNumber(7), m: Decimal128.fromString('1.5') },
      ...{ n: new MinKey(), o: new MaxKey(), p: new BSON.BSONSymbol('s') },
    };
    assert.equal(bson({ ...types, z: nested(4) }), 'fields');
    assert.equal(bson({ ...types, z: nested(5) }), 'TOO_DEEP');
    assert.equal(bson({ ...types, z: new Code('f()', { x: nested(3) }) }), 'fields');
    assert.equal(bson({ ...types, z: new Code('f()', { x: nested(4) }) }), 'TOO_DEEP');
  });

  test('agree with a model that builds the value, in 3,000 seeded values of each format', () => {
    const random = seededRandom(7);
    const size = (limit: number): number => Math.floor(random() * limit);
    const value = (levels: number): Json => {
      const kind = random();
      if (levels === 0 || kind < 0.3) return kind < 0.1 ? '{"[[' : kind < 0.2 ? null : size(100);
      const items = Array.from({ length: size(4) }, () => value(levels - 1));
      return kind < 0.55
        ? items
        : Object.fromEntries(items.map((item, index) => [`:${String(index)}`, item]));
    };
    const seen = new Set<string>();
    for (let round = 0; round < 3_000; round += 1) {
      const root = { a: value(6), ...withKeys(size(12)) };
      const code = outcome('json', JSON.stringify(root, null, size(3)));
      seen.add(code);
      assert.ok(expected(root).includes(code), JSON.stringify(root));
      assert.ok(expected(root).includes(outcome('bson', BSON.serialize(root))), JSON.stringify(root));
    }
    assert.deepEqual([...seen].sort(), ['TOO_DEEP', 'TOO_MANY_KEYS', 'fields']);
  });

  test('hostile BSON ends at a limit or as no BSON, and quickly', () => {
    const random = seededRandom(8);
    const good = BSON.serialize({ a: withKeys(15), b: [nested(3)], c: Buffer.alloc(50), d: 'text' });
    for (let round = 0; round < 3_000; round += 1) {
      const bytes = Buffer.from(good);
      for (let changes = 0; changes < 3; changes += 1)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const code = outcome('bson', bytes.subarray(0, Math.floor(bytes.length * (random() + 0.5))));
      assert.ok(['fields', 'NOT_BSON', 'TOO_DEEP', 'TOO_MANY_KEYS', 'NOT_UTF8'].includes(code), code);
    }
    const opened = Buffer.concat(
      Array.from({ length: 200_000 }, () => Buffer.from([0x20, 0, 0, 0x7f, 0x03, 0])),
    );
    assert.equal(outcome('bson', opened, { maxBytes: 2 ** 24 }), 'TOO_DEEP');
  });
});

describe('bytes of a value', () => {
  const text = JSON.stringify({ a: 'x'.repeat(92) });

  test('as many as allowed pass, one more is too large, in every format', () => {
    for (const format of ['json', 'extended-json', 'string', 'bytes'] as const) {
      assert.equal(outcome(format, text, { maxBytes: text.length }), 'fields');
      assert.equal(outcome(format, text, { maxBytes: text.length - 1 }), 'TOO_LARGE');
    }
    const bytes = BSON.serialize({ a: 1 });
    assert.equal(outcome('bson', bytes, { maxBytes: bytes.length }), 'fields');
    assert.equal(outcome('bson', bytes, { maxBytes: bytes.length - 1 }), 'TOO_LARGE');
  });

  test('are looked at before anything else: what is no JSON is too large as well', () => {
    assert.equal(outcome('json', 'x'.repeat(101), { maxBytes: 100 }), 'TOO_LARGE');
    assert.equal(outcome('string', Buffer.alloc(101, 0xff), { maxBytes: 100 }), 'TOO_LARGE');
  });
});
