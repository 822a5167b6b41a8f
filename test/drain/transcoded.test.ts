import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation } from '../../src/drain/operation.js';
import { createTranscoder } from '../../src/mongodb/json-to-bson.js';
import { createFuzzer, jsonBytes } from '../fuzz/records.js';
import { amongOthers } from './among-others.js';
import { pipeline, record } from './builders.js';
import { assertSame, isRaw, outcomeOf, PURGE_AT, turns } from './transcoding.js';

const NUMBERS = [
  ...['0', '-0', '0.0', '-0.0', '1', '-1', '1.0', '2147483647', '2147483648', '-2147483648', '-2147483649', '1790000000000', '9007199254740991'],
  ...['-9007199254740991', '9007199254740992', '9007199254740993', '12345678901234567890', '12345678901234567890.5', '0.1', '0.30000000000000004'],
  ...['123456789012345', '1234567890.12345', '12345678901234.56', '0.000001', '1e3', '1E-3', '1.5e300', '1e-400', '-1e-400', '1e400', '4.35', '99.99'],
  ...['5e-324', '2.2250738585072014e-308', '1.7976931348623157e308', '0.1e1', '100000000000000000000000000000', '00', '01', '1.', '.5', '1e', '1e+', '-'],
]; // prettier-ignore

describe('what is transcoded is what would have been parsed, checked and serialised', () => {
  test('numbers, as they are written', () => {
    for (const largeIntegers of ['reject', 'long', 'decimal', 'string'] as const) {
      const both = turns({ largeIntegers });
      for (const number of NUMBERS) {
        assertSame(both, Buffer.from(`{"n":${number}}`));
        assertSame(both, Buffer.from(`{"n":[${number}, ${number} ]}`));
      }
    }
  });

  test('integers of more than 32 bits, also as a version or an id', () => {
    const rules: Partial<PipelineSettings>[] = [
      {},
      { version: { by: 'field', field: 'at' } },
      { documentId: { from: 'field', field: 'at' } },
    ];
    for (const largeIntegers of ['reject', 'long', 'decimal', 'string'] as const) {
      for (const rule of rules) {
        const both = turns({ largeIntegers, ...rule });
        for (const number of ['1790000000000', '-2147483649', '9007199254740991', '1e12', '-0'])
          assert.ok(assertSame(both, Buffer.from(`{"at":${number}}`)), `${number} as ${largeIntegers}`);
      }
    }
  });

  test('integers around the largest that a double holds exactly', () => {
    for (const largeIntegers of ['reject', 'long'] as const) {
      const both = turns({ largeIntegers });
      for (let from = 2n ** 53n - 100n; from < 2n ** 53n + 100n; from += 1n)
        for (const sign of ['', '-'])
          assert.equal(
            assertSame(both, Buffer.from(`{"n":${sign}${String(from)}}`)),
            from < 2n ** 53n,
            `${sign}${String(from)}`,
          );
    }
  });

  test('decimals of random digits', () => {
    const { below, pick } = createFuzzer(3);
    const both = turns();
    for (let round = 0; round < 20_000; round += 1) {
      const digits = () => String(below(10 ** (1 + below(9))));
      const number = `${pick(['', '-'])}${digits()}.${digits()}${pick(['', '', digits()])}${pick(['', '', 'e-5', 'E12'])}`;
      assertSame(both, Buffer.from(`{"n":${number}}`));
    }
  });

  test('escapes of every UTF-16 unit, of pairs and of what is none', () => {
    const { below, pick } = createFuzzer(11);
    const both = turns();
    const escape = (unit: number) => `\\u${pick([unit.toString(16), unit.toString(16).toUpperCase()]).padStart(4, '0')}`;
    const edges = [0, 0x1f, 0x22, 0x5c, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfeff, 0xffff];
    for (const unit of [...edges, ...Array.from({ length: 2_000 }, () => below(0x10000))]) {
      const isHalf = unit >= 0xd800 && unit < 0xe000;
      assert.equal(assertSame(both, Buffer.from(`{"t":"a${escape(unit)}b"}`)), !isHalf, unit.toString(16));
    }
    for (let round = 0; round < 500; round += 1) {
      const high = 0xd800 + below(0x400);
      const low = 0xdc00 + below(0x400);
      assert.ok(assertSame(both, Buffer.from(`{"t":"${escape(high)}${escape(low)}"}`)));
      for (const damaged of [`${escape(high)}x${escape(low)}`, `${escape(low)}${escape(high)}`, `${escape(high)}\\n`, escape(high)])
        assert.ok(!assertSame(both, Buffer.from(`{"t":"${damaged}"}`)));
    }
    for (const none of ['\\u', '\\u1', '\\u12', '\\u123', '\\u123g', '\\u 123', '\\U0041', '\\ud83d\\u', '\\ud83d\\ude0'])
      for (const end of ['"}', '', '0"}']) assertSame(both, Buffer.from(`{"t":"${none}${end}`));
  }); // prettier-ignore

  test('texts, names and white space', () => {
    const both = turns();
    const texts = ['', 'x', 'é€😀', '\\n\\t\\"\\\\\\/\\b\\f\\r', '\\u0041', '\\ud800', '\\x', '\u0001', '\n', 'a\\', '\u007f'];
    for (const text of texts) {
      assertSame(both, Buffer.from(`{"t":"${text}"}`));
      assertSame(both, Buffer.from(`{"t":"${text}`));
      assertSame(both, Buffer.from(`{"${text}":1,"b":{"${text}":2}}`));
    }
    const names = ['', '_id', '_kafka', '_bsontype', '__proto__', '_own', '$set', '$', 'a.b', '0', '7', '07', '7a', 'constructor', 'toBSON', 'é'];
    for (const name of names) {
      for (const other of names) assertSame(both, Buffer.from(`{"${name}":1,"${other}":{"${name}":null}}`));
      assertSame(both, Buffer.from(`{"a":1,"${name}":[{"${name}":"k"}]}`));
    }
    for (const space of [' ', '\n\r\t ', '\u00a0', '\v', '\ufeff', ''])
      assertSame(both, Buffer.from(`${space}{${space}"a"${space}:${space}[${space}1${space},${space}true${space}]${space}}${space}`));
  }); // prettier-ignore

  test('fuzzed and damaged values', () => {
    const fuzzer = createFuzzer(5);
    const both = turns();
    let raw = 0;
    for (let round = 0; round < 20_000; round += 1) raw += assertSame(both, jsonBytes(fuzzer)) ? 1 : 0;
    assert.ok(raw > 2_000, `only ${String(raw)} were transcoded`);
  });

  test('values cut off anywhere, or with any byte replaced', () => {
    const both = turns();
    const value = Buffer.from('{"a":{"b":[1,-2.5e1,"t\\n",true,false,null,{}]},"c":"é","d":[]}');
    assert.ok(assertSame(both, value));
    for (let at = 0; at < value.length; at += 1) {
      assertSame(both, value.subarray(0, at));
      for (const byte of [
        0x00, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x3a, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x80, 0xff,
      ]) {
        const damaged = Buffer.from(value);
        damaged[at] = byte;
        assertSame(both, damaged);
      }
    }
  });

  test('deep, wide and long values, and limits that are smaller', () => {
    const shapes = [
      ...[20, 47, 48, 49, 99, 100, 101].flatMap((depth) => [
        `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`,
        `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
      ]),
      ...[1, 63, 64, 65, 1_000].map((names) => JSON.stringify(Object.fromEntries(Array.from({ length: names }, (_, i) => [`n${String(i)}`, i])))),
      ...[10, 11, 100, 1_000, 9_000].map((items) => JSON.stringify({ items: Array.from({ length: items }, (_, i) => i % 3) })),
      ...[100, 32_000, 40_000, 1_000_000].map((length) => JSON.stringify({ text: 'x'.repeat(length) })),
      `{"items":[${Array.from({ length: 10_000 }, () => '[]').join(',')}]}`,
      `{"items":[${Array.from({ length: 8_000 }, () => '1e9').join(',')}]}`,
    ]; // prettier-ignore
    const limits = pipeline().recordLimits;
    const all = [{}, { maxDepth: 20 }, { maxKeys: 64 }, { maxBytes: 1_000 }];
    for (const limit of all) {
      const both = turns({ recordLimits: { ...limits, ...limit } });
      for (const shape of shapes) assertSame(both, Buffer.from(shape));
    }
  });

  test('under a key of any text, or none', () => {
    const settings = pipeline();
    const transcoder = createTranscoder(settings.recordLimits, { largeIntegers: 'double' });
    const parse = createToOperation(settings, PURGE_AT);
    const transcode = createToOperation(settings, PURGE_AT, { transcoder });
    const value = Buffer.from('{"a":1}');
    const texts = ['', 'k', 'k\0', 'é', 'x'.repeat(64), 'x'.repeat(65), '\u007f', '\u0080', '😀'.repeat(20)];
    const keys = [null, Buffer.from([0xff]), Buffer.from([0xc3]), ...texts.map((text) => Buffer.from(text))];
    for (const key of keys) {
      const transcoded = transcode(amongOthers({ key, value }));
      assert.ok(!(transcoded instanceof Promise));
      assert.equal(outcomeOf(transcoded), outcomeOf(parse(record({ key, value }))), key?.toString('hex'));
    }
  });

  test('under every id that a key makes, and in later epochs', () => {
    const value = Buffer.from('{"a":1,"b":{"c":"d"}}');
    const ids: PipelineSettings['documentId'][] = [
      { from: 'key', format: 'string' },
      { from: 'key', format: 'bytes' },
      { from: 'coordinates' },
    ];
    for (const documentId of ids) assert.ok(assertSame(turns({ documentId, epoch: 3 }), value));
    for (const timestampMs of [-1, 0, 8.64e15, 8.64e15 + 2]) {
      const settings = pipeline();
      const transcoder = createTranscoder(settings.recordLimits, { largeIntegers: 'double' });
      const steps = [createToOperation(settings, PURGE_AT), createToOperation(settings, PURGE_AT, { transcoder })];
      const [parsed, transcoded] = steps.map((step) => step(record({ value, timestampMs })));
      assert.ok(parsed !== undefined && transcoded !== undefined && !(parsed instanceof Promise) && !(transcoded instanceof Promise));
      assert.equal(outcomeOf(transcoded), outcomeOf(parsed));
    }
  }); // prettier-ignore
});

describe('an id or a version that is a field of the value is what it would have been', () => {
  const values = ['1', '-0', '1.5', '4e9', '"x"', '"é\\n"', '""', 'true', 'null', '{"b":1}', '[1]', '9007199254740993', '"2026-01-01"'];
  const names = ['a', 'no', 'é', 'absent'];

  test('whatever its value', () => {
    const rules: Partial<PipelineSettings>[] = names.flatMap((name) => [
      { documentId: { from: 'field', field: name } },
      { documentId: { from: 'fields', fields: [name, 'z'] } },
      { version: { by: 'field', field: name }, deletes: 'ignore' },
      { documentId: { from: 'field', field: 'z' }, version: { by: 'field', field: name }, deletes: 'ignore', epoch: 2 },
    ]);
    for (const rule of rules) {
      const both = turns(rule);
      for (const value of values)
        for (const [first, second] of [['z', 'a'], ['a', 'z'], ['no', 'z'], ['é', 'z']])
          assertSame(both, Buffer.from(`{"skip":[1,{"a":2}],"t":"a","${first ?? ''}":${value},"n":null,"d":1.5,"${second ?? ''}":7}`));
    }
  });

  test('and it is transcoded', () => {
    const value = Buffer.from('{"no":17,"rev":3,"lines":[{"no":1}]}');
    const rules: Partial<PipelineSettings>[] = [
      { documentId: { from: 'field', field: 'no' } },
      { documentId: { from: 'fields', fields: ['no', 'rev'] } },
      { version: { by: 'field', field: 'rev' }, deletes: 'ignore' },
    ];
    for (const rule of rules) assert.ok(isRaw(turns(rule).transcoded(value)), JSON.stringify(rule));
  });
}); // prettier-ignore

describe('the transcoder', () => {
  test('takes what records usually are', () => {
    const { transcoded } = turns();
    const usual = {
      order: 17,
      at: 1_790_000_000_000,
      total: 12.5,
      paid: true,
      note: null,
      lines: [{ sku: 'a' }],
    };
    const operation = transcoded(Buffer.from(JSON.stringify(usual)));
    assert.ok(isRaw(operation));
    const section = Buffer.from(outcomeOf(operation), 'hex');
    const fields = BSON.deserialize(section.subarray(section.indexOf(0, 5) + 1));
    assert.deepEqual(
      { ...fields, _id: undefined, _kafka: undefined },
      { ...usual, _id: undefined, _kafka: undefined },
    );
  });

  test('leaves a value to the parser where a later step looks into all of it', () => {
    const { transcoded } = turns({ dates: ['at'] });
    assert.equal(isRaw(transcoded(Buffer.from('{"a":1,"at":"2026-01-01T00:00:00Z"}'))), false);
  });
});
