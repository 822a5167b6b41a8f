/** Seeded records, good and bad, and a model that tells which are which without the code under test. */
import { BSON } from 'mongodb';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { record, seededRandom } from '../drain/builders.js';

/** `good`: stored as these fields; `bad`: dead-lettered; `either`: nobody but the decoder knows, but exactly one of the two. */
export type Verdict = { is: 'good'; fields: object } | { is: 'bad' } | { is: 'either' } | { is: 'tombstone' };

export interface Fuzzed {
  record: KafkaRecord;
  verdict: Verdict;
}

export interface Fuzzer {
  below: (limit: number) => number;
  chance: (share: number) => boolean;
  pick: <T>(items: readonly T[]) => T;
}

export function createFuzzer(seed: number): Fuzzer {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    chance: (share) => random() < share,
    pick: <T>(items: readonly T[]): T => items[below(items.length)] as T,
  };
}

const SCALARS = [
  '0', '-0', '1', '1.5', '1e300', '1e400', '-1e-400', '9007199254740991', '9007199254740992', '-9007199254740993', '12345678901234567890',
  'true', 'false', 'null', '""', '"x"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"_bsontype"', '"\\\\"', '"\\""', '"[{:"', '1e', '-', '01', 'NaN',
]; // prettier-ignore
const KEYS = [
  'a', 'b', '', '$a', 'a.b', '__proto__', '_bsontype', '_id', '_kafka', '0', '17', 'constructor', 'toString', 'é', '😀',
  '\\u0000', '\\ud800', '\\u0024', '\\u005fbsontype',
]; // prettier-ignore

function jsonText(fuzzer: Fuzzer, depth: number): string {
  if (depth === 0 || fuzzer.chance(0.4))
    return fuzzer.pick(fuzzer.chance(0.8) ? SCALARS.slice(12, 16) : SCALARS);
  const items = Array.from({ length: fuzzer.below(4) }, () => jsonText(fuzzer, depth - 1));
  if (fuzzer.chance(0.3)) return `[${items.join(',')}]`;
  const name = () => fuzzer.pick(fuzzer.chance(0.8) ? KEYS.slice(0, 2) : KEYS);
  return `{${items.map((item) => `"${name()}":${item}`).join(',')}}`;
}

/** Mostly JSON, with whatever is known to be hard; some damaged. */
export function jsonBytes(fuzzer: Fuzzer): Buffer {
  const shape = fuzzer.below(40);
  const deep = 90 + fuzzer.below(20);
  if (shape === 0) return Buffer.from(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`);
  if (shape === 1) return Buffer.from('{"a":'.repeat(deep) + '1' + '}'.repeat(deep));
  if (shape === 2) return Buffer.from(Array.from({ length: fuzzer.below(60) }, () => fuzzer.below(256)));
  if (shape === 3)
    return Buffer.from(
      `{${Array.from({ length: 900 + fuzzer.below(200) }, (_, i) => `"k${String(i)}":0`).join(',')}}`,
    );
  const root =
    shape < 6 ? jsonText(fuzzer, 3) : `{"${fuzzer.pick(KEYS.slice(0, 3))}":${jsonText(fuzzer, 5)}}`;
  return fuzzer.chance(0.8) ? Buffer.from(root) : damaged(fuzzer, Buffer.from(root));
}

/** Bytes changed, cut off, or put in. */
export function damaged(fuzzer: Fuzzer, whole: Buffer): Buffer {
  const bytes = Buffer.from(whole);
  const at = fuzzer.below(bytes.length + 1);
  switch (fuzzer.below(4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([0x80, 0x22, fuzzer.below(256)]),
        bytes.subarray(at),
      ]);
    default:
      for (let changes = fuzzer.below(3); changes >= 0; changes -= 1)
        if (bytes.length > 0) bytes[fuzzer.below(bytes.length)] = fuzzer.below(256);
      return bytes;
  }
}

/** A record of JSON under one of a few ids, or under a key that makes none. */
export function fuzzedJson(fuzzer: Fuzzer, offset: bigint, maxKeys: number): Fuzzed {
  const key = fuzzer.chance(0.03)
    ? null
    : fuzzer.chance(0.03)
      ? Buffer.from([0x61, 0xff])
      : Buffer.from(`id${String(fuzzer.below(400))}`);
  const value = fuzzer.chance(0.05) ? null : jsonBytes(fuzzer);
  const headers = fuzzer.chance(0.2)
    ? [
        {
          name: fuzzer.pick(['h', '', '$h', '__proto__', 'a.b']),
          value: fuzzer.chance(0.5) ? null : damaged(fuzzer, Buffer.from('header')),
        },
      ]
    : [];
  return { record: record({ offset, key, value, headers }), verdict: judgeJson(key, value, maxKeys) };
}

/** What the documentation says becomes of a record of JSON with a text as key, read by nothing but JSON.parse. */
export function judgeJson(key: Buffer | null, value: Buffer | null, maxKeys: number): Verdict {
  const id = key === null ? null : textOf(key);
  if (id === null) return { is: 'bad' };
  if (value === null) return { is: 'tombstone' };
  const text = textOf(value);
  const root = text === null ? null : objectIn(text);
  if (text === null || root === null) return { is: 'bad' };
  const isGood =
    isWithinLimits(text, maxKeys) && hasOwnNames(root, id) && isStorable(root, shapeOf(text).hasUnsafe);
  return isGood ? { is: 'good', fields: root } : { is: 'bad' };
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const root: unknown = JSON.parse(text);
    return typeof root === 'object' && !Array.isArray(root) ? (root as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function isWithinLimits(text: string, maxKeys: number): boolean {
  const { levels, keys } = shapeOf(text);
  return levels <= 100 && keys <= maxKeys;
}

/** Told from the text, in which each string is but one character: `#` for a key, `_` for another. */
function shapeOf(text: string): { levels: number; keys: number; hasUnsafe: boolean } {
  const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (string, at: number) =>
    /^\s*:/.test(text.slice(at + string.length)) ? '#' : '_',
  );
  const integers = outside.match(/(?<![\d.eE+-])-?\d+(?![\d.eE])/g) ?? [];
  return {
    levels: levelsOf(outside),
    keys: outside.split('#').length - 1,
    hasUnsafe: integers.some((digits) => BigInt(digits) > 2n ** 53n - 1n || BigInt(digits) < 1n - 2n ** 53n),
  };
}

/** Neither an operator first, nor the reserved field, nor another id. */
function hasOwnNames(root: Record<string, unknown>, id: string): boolean {
  if (Object.keys(root)[0]?.startsWith('$') === true || Object.hasOwn(root, '_kafka')) return false;
  return !Object.hasOwn(root, '_id') || root['_id'] === id;
}

function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function levelsOf(outside: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of outside) {
    if ('[{'.includes(character)) depth += 1;
    if (']}'.includes(character)) depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function isStorable(value: unknown, unsafeInText: boolean): boolean {
  if (typeof value === 'string') return Buffer.from(value).toString() === value;
  if (typeof value === 'number')
    return (
      Number.isFinite(value) && !(unsafeInText && Number.isInteger(value) && !Number.isSafeInteger(value))
    );
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([name, item]) =>
      (Array.isArray(value) ||
        (name !== '_bsontype' && !name.includes('\0') && Buffer.from(name).toString() === name)) &&
      isStorable(item, unsafeInText),
  );
}

/** A record of another format under an id of its own: a good one as it is, or damaged. */
export function fuzzedCopy(
  fuzzer: Fuzzer,
  offset: bigint,
  good: readonly { value: Buffer; fields: object }[],
): Fuzzed {
  const { value, fields } = fuzzer.pick(good);
  const key = Buffer.from(`id${String(offset)}`);
  if (fuzzer.chance(0.4)) return { record: record({ offset, key, value }), verdict: { is: 'good', fields } };
  const broken = fuzzer.chance(0.1)
    ? Buffer.from(Array.from({ length: fuzzer.below(80) }, () => fuzzer.below(256)))
    : damaged(fuzzer, value);
  return { record: record({ offset, key, value: broken }), verdict: { is: 'either' } };
}

/** The bytes of the fields that are stored beside `_id` and `_kafka`. */
export function ownBytes(document: object): string {
  const own = Object.entries(document).filter(([name]) => name !== '_id' && name !== '_kafka');
  // from a Map: `__proto__` is data
  return Buffer.from(BSON.serialize(new Map<string, unknown>(own))).toString('hex');
}
