import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Decimal128 } from 'mongodb';
import type { PipelineSettings } from '../../src/config/settings.js';
import { decodeValue } from '../../src/drain/decode.js';
import { pipeline } from './builders.js';

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
