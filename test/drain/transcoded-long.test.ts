import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { roomFor } from '../../src/mongodb/json-room.js';
import { createFuzzer } from '../fuzz/records.js';
import { pipeline } from './builders.js';
import { assertSame, turns } from './transcoding.js';

const MIB = 1024 * 1024;

function textOf(bytes: number, part: string): string {
  return part.repeat(Math.ceil(bytes / Buffer.byteLength(part)));
}

describe('a long value becomes what would have been parsed', () => {
  test('and is transcoded up to 8 MiB, whatever its texts are of', () => {
    const both = turns();
    for (const part of ['x', 'é', '€', '😀', 'x\\n', '\\u00e9', 'a long line of it\\r\\n'])
      for (const bytes of [33_000, MIB, 4 * MIB]) {
        const value = Buffer.from(`{"n":1,"text":"${textOf(bytes, part)}","z":[1.5,null]}`);
        assert.ok(assertSame(both, value), `${String(bytes)} bytes of ${part}`);
      }
  });

  test('or is left to the parser where it is longer than that', () => {
    const both = turns();
    const withText = (bytes: number) => Buffer.from(`{"t":"${'x'.repeat(bytes - 8)}"}`);
    assert.ok(assertSame(both, withText(8 * MIB)));
    for (const bytes of [8 * MIB + 1, 14 * MIB, 15 * MIB, 16 * MIB, 16 * MIB + 1])
      assert.ok(!assertSame(both, withText(bytes)), String(bytes));
  });

  test('also where its BSON is much longer than its JSON, unless no document may be that long', () => {
    const itemsOf = (item: string, count: number) =>
      Buffer.from(`{"items":[${Array.from({ length: count }, () => item).join(',')}]}`);
    for (const item of ['[]', '{}', '0', '1e9', '""', '[[[]]]', 'true'])
      assert.ok(assertSame(turns(), itemsOf(item, 250_000)), item);
    assert.ok(!assertSame(turns(), itemsOf('{"":1}', 250_000)), 'too many keys');
    assert.ok(!assertSame(turns(), itemsOf('[]', 1_500_000)));
  });

  test('wherever the room for it ends: dense stretches between texts', () => {
    const { below, pick } = createFuzzer(17);
    for (let round = 0; round < 25; round += 1) {
      const dense = pick(['0', '[]', '{}', '""', '1.5', '-0.25', '{"a":[]}', '[[1]]']);
      const items: string[] = [];
      const length = 700_000 + below(8_000);
      for (let bytes = 0; bytes < length;) {
        const item = below(25) < round ? dense : JSON.stringify('t'.repeat(below(100)));
        items.push(item);
        bytes += item.length + 1;
      }
      assertSame(turns(), Buffer.from(`{"items":[${items.join(',')}]}`));
    }
  });

  test('also where it ends right at the end of its room, or of that for the second try', () => {
    const numbers = Array.from({ length: 60_000 }, () => '0').join(',');
    const bsonBytes = BSON.calculateObjectSize({ t: '', a: Array.from({ length: 60_000 }, () => 0) });
    const withText = (length: number) => `{"t":"${'x'.repeat(length)}","a":[${numbers}]}`;
    const jsonBytes = withText(0).length;
    // one byte more of text is one more of both, for which there is half a byte more of room
    const even = 2 * (bsonBytes - roomFor(jsonBytes));
    assert.ok(even > 800_000);
    for (let length = even - 180; length < even + 60; length += 4)
      assert.ok(assertSame(turns(), Buffer.from(withText(length))), String(length));
  });

  test('or what is refused where it is damaged, wherever that is', () => {
    const whole = `{"n":1,"text":"${textOf(40_000, 'ab\\u00e9 ')}","${'k'.repeat(40_000)}":[1,-2.5e1,"t\\n",true,{}],"é":"${textOf(40_000, '€')}"}`;
    const both = turns();
    assert.ok(assertSame(both, Buffer.from(whole)));
    const { below } = createFuzzer(29);
    for (let round = 0; round < 300; round += 1) {
      const at = below(whole.length);
      assertSame(both, Buffer.from(whole.slice(0, at)));
      const damaged = Buffer.from(whole);
      damaged[at] = below(256);
      assertSame(both, damaged);
    }
  });

  test('between others, short and long, each in memory of its own', () => {
    const both = turns();
    for (const bytes of [10, MIB, 300, 40_000, 2 * MIB, 10, 700_000, 700_000, 700_000, 10])
      assert.ok(assertSame(both, Buffer.from(`{"text":"${'x'.repeat(bytes)}"}`)));
  });

  test('with as many keys as the pipeline takes, in all of its objects together', () => {
    const maxKeys = 50;
    const both = turns({ recordLimits: { ...pipeline().recordLimits, maxKeys } });
    const withKeys = (keys: number, text: string) =>
      Buffer.from(`{"t":"${text}","lines":[${Array.from({ length: keys - 2 }, () => '{"a":1}').join(',')}]}`);
    for (const text of ['', ':"'.replaceAll('"', '\\"').repeat(20_000)]) {
      assert.ok(assertSame(both, withKeys(maxKeys, text)));
      assert.ok(!assertSame(both, withKeys(maxKeys + 1, text)));
      assert.ok(assertSame(both, withKeys(maxKeys, text)), 'the next value has keys of its own');
    }
  });
});
