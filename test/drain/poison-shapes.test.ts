import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readExtendedJson } from '../../src/mongodb/extended-json.js';
import { matchText } from '../../src/mongodb/documents.js';
import { idKeyOf } from '../../src/drain/id-values.js';
import { keepIntegers } from '../../src/drain/large-integers.js';

/** An object within an object, so many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe('what a few bytes may ask for', () => {
  test('an id of 99 levels has a key of its own length, not one that doubles with each level', () => {
    for (const key of [idKeyOf(nested(99)), matchText(nested(99))]) assert.ok((key ?? '').length < 2_000);
    assert.notEqual(idKeyOf({ a: 'b', c: 'd' }), idKeyOf({ a: 'b1:cd' }));
    assert.notEqual(idKeyOf({ a: { b: 'c' } }), idKeyOf({ a: 'c:1:b3:s:c' }));
    assert.notEqual(matchText({ a: { b: 'c' } }), matchText({ a: { b: 'd' } }));
  });

  test('a string that begins like the mark of a number stays a string, however it is written', () => {
    for (const text of ['\\u0023abc', '\\u002342', '#42', '##', '#5#3#1#']) {
      const json = `{"n":12345678901234567890,"s":"${text}"}`;
      const expected = (JSON.parse(json) as { s: string }).s;
      for (const as of ['decimal', 'string'] as const)
        assert.equal((keepIntegers(json, JSON.parse(json), as) as { s: unknown }).s, expected);
      const read = readExtendedJson(`{"d":2.5,"s":"${text}","${text}":1}`);
      assert.ok(read.kind === 'value');
      assert.equal((read.value as { s: unknown }).s, expected);
    }
  });

  test('a million digits take no longer than a million other characters', () => {
    const digits = '1'.repeat(1_000_000);
    const json = `{"n":${digits}}`;
    assert.equal(keepIntegers(json, JSON.parse(json), 'long'), null);
    for (const text of [json, `{"n":{"$numberDouble":"${digits}x"}}`, `{"n":{"$numberLong":"${digits}"}}`])
      assert.equal(readExtendedJson(text).kind, 'fault');
  });
});
