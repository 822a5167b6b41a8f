import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Decimal128, Double, Int32, Long, ObjectId, Timestamp } from 'mongodb';
import { compareVersions } from '../../src/mongodb/version-order.js';
import type { Version, VersionOrder, VersionValue } from '../../src/mongodb/sink.js';
import { toVersionValue } from '../../src/mongodb/version-values.js';
import { stackFromEnvironment } from '../support/stack.js';
import { BASE_TIME, seededRandom, upsert } from './models.js';
import { openTarget } from './target.js';

const NEVER = new AbortController().signal;
const PAIRS = 4_000;

/** Values that are close to each other, in every type that a version may have. */
const SCALARS: unknown[] = [
  ...[0, -0, 1, -1, 1.5, 0.1, -2.25, 1e21, 1e300, 5e-324, 2 ** 53, 2 ** 53 + 2, -(2 ** 60)],
  ...[1n, 2n ** 53n + 1n, 2n ** 60n, -(2n ** 60n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n],
  ...[new Int32(1), new Double(1), new Double(-0.5), Long.fromNumber(1), Long.fromBigInt(2n ** 53n + 1n)],
  ...['0.1', '1.0', '1E+3', '1000', '-0E+5', '1E-6176', '9.999999999999999999999999999999999E+6144', '9223372036854775807.5'].map((text) => Decimal128.fromString(text)),
  ...['', '1', 'a', 'A', 'ab', 'a\u0000', 'ü', '\uffff', '\u{1f600}', '2026-01-31T00:00:00Z'],
  ...[new Date(0), new Date(-1), new Date(BASE_TIME)],
  ...[new ObjectId('00ffffffffffffffffffffff'), new ObjectId('ff0000000000000000000000')],
  ...[new Timestamp({ t: 1, i: 2 }), new Timestamp({ t: 4_000_000_000, i: 1 })],
]; // prettier-ignore

function declaredBy(random: () => number): VersionValue {
  const pick = (): VersionValue => {
    const value = toVersionValue(SCALARS[Math.floor(random() * SCALARS.length)]);
    assert.notEqual(value, null);
    return value ?? 0n;
  };
  if (random() < 0.7) return pick();
  return Array.from({ length: Math.floor(random() * 4) }, () => (random() < 0.2 ? null : pick()));
}

function versionBy(random: () => number, order: VersionOrder): Version {
  const below = (bound: number) => Math.floor(random() * bound);
  return {
    partition: `${['orders', 'orders2'][below(2)] ?? ''}-${below(12)}`,
    offset: BigInt(below(4)),
    timestampMs: [-1, 0, 1000, 1001, 9e15][below(5)] ?? -1,
    epoch: 1 + below(2),
    ...(order === 'declared' && { declared: declaredBy(random) }),
  };
}

/** Each scalar with each other, all else being equal. */
function everyPair(): (readonly [Version, Version])[] {
  const place = { partition: 'orders-0', offset: 1n, timestampMs: BASE_TIME, epoch: 1 };
  const versions = SCALARS.map((value) => ({ ...place, declared: toVersionValue(value) ?? 0n }));
  return versions.flatMap((a) => versions.map((b) => [a, b] as const));
}

describe('the guard in MongoDB and the comparison in the drain', () => {
  for (const order of ['offset', 'timestamp', 'declared'] as const) {
    test(`agree which of two versions stays, whichever came first (${order})`, async () => {
      const random = seededRandom(order.length);
      const versions = Array.from({ length: PAIRS }, () => {
        const [a, b] = [versionBy(random, order), versionBy(random, order)];
        // often alike in all but the last that counts
        return [a, random() < 0.5 ? b : { ...a, offset: b.offset, partition: b.partition }] as const;
      });
      const pairs = [...versions, ...(order === 'declared' ? everyPair() : [])].map(([a, b], id) => ({
        id,
        a,
        b,
      }));
      await using forth = await openTarget(stackFromEnvironment().mongodb, undefined, {
        versionOrder: order,
      });
      await using back = await openTarget(stackFromEnvironment().mongodb, undefined, { versionOrder: order });
      const firsts = pairs.map(({ id, a }) => upsert({ id, ...a }, { from: 'a' }));
      const seconds = pairs.map(({ id, b }) => upsert({ id, ...b }, { from: 'b' }));
      for (const models of [firsts, seconds]) await forth.sink.write(models, NEVER);
      for (const models of [seconds, firsts]) await back.sink.write(models, NEVER);
      const stored = async (target: typeof forth) =>
        new Map((await target.documents()).map(({ _id, from }) => [_id, from]));
      const [ab, ba] = [await stored(forth), await stored(back)];
      for (const { id, a, b } of pairs) {
        const winner = compareVersions(a, b, order);
        const text = JSON.stringify([a, b], (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        // of the same version the last one that came stays
        assert.equal(ab.get(id), winner > 0 ? 'a' : 'b', text);
        assert.equal(ba.get(id), winner < 0 ? 'b' : 'a', text);
      }
    });
  }
});
