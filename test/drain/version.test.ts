import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareVersions } from '../../src/mongodb/version-order.js';
import type { Version } from '../../src/mongodb/sink.js';
import { seededRandom, version } from './builders.js';

interface Case {
  rule: string;
  older: Partial<Version>;
  newer: Partial<Version>;
}

const CASES: readonly Case[] = [
  {
    rule: 'in one partition the higher offset is newer, whatever the timestamps say',
    older: { offset: 9n, timestampMs: 2000 },
    newer: { offset: 10n, timestampMs: 1000 },
  },
  {
    rule: 'offsets beyond 2^53 are told apart',
    older: { offset: 2n ** 60n },
    newer: { offset: 2n ** 60n + 1n },
  },
  {
    rule: 'across partitions the later timestamp is newer, whatever the offsets say',
    older: { partition: 'orders-0', offset: 100n, timestampMs: 1000 },
    newer: { partition: 'orders-1', offset: 1n, timestampMs: 1001 },
  },
  {
    rule: 'across partitions at the same time the greater partition name is newer, as text',
    older: { partition: 'orders-10', offset: 5n, timestampMs: 1000 },
    newer: { partition: 'orders-2', offset: 1n, timestampMs: 1000 },
  },
  {
    rule: 'the higher epoch is newer, whatever offset and timestamp say',
    older: { epoch: 1, offset: 100n, timestampMs: 2000 },
    newer: { epoch: 2, offset: 1n, timestampMs: 1000 },
  },
  {
    rule: 'across partitions a record without a timestamp is older than any with one',
    older: { partition: 'orders-1', timestampMs: -1 },
    newer: { partition: 'orders-0', timestampMs: 0 },
  },
  {
    rule: 'across partitions a timestamp that no date can hold counts as none, as in the stored document',
    older: { partition: 'orders-1', timestampMs: 9e15 },
    newer: { partition: 'orders-0', timestampMs: 1000 },
  },
  {
    rule: 'two records without a usable timestamp are ordered by their partition names',
    older: { partition: 'orders-0', timestampMs: -1 },
    newer: { partition: 'orders-1', timestampMs: -7 },
  },
];

describe('the newer of two versions', () => {
  for (const { rule, older, newer } of CASES) {
    test(rule, () => {
      assert.ok(compareVersions(version(older), version(newer)) < 0);
      assert.ok(compareVersions(version(newer), version(older)) > 0);
    });
  }

  test('a record is neither older nor newer than itself', () => {
    assert.equal(compareVersions(version(), version()), 0);
  });
});

describe('the order of versions', () => {
  const random = seededRandom(42);
  const below = (bound: number) => Math.floor(random() * bound);
  const timestamps = [-1, 0, 1000, 1001, 9e15];
  const versions = Array.from({ length: 60 }, () => {
    const timestampMs = timestamps[below(timestamps.length)] ?? -1;
    const partition = `${['orders', 'orders2'][below(2)] ?? ''}-${String(below(3))}`;
    return version({ partition, offset: BigInt(below(4)), timestampMs, epoch: 1 + below(2) });
  });
  const isSame = (a: Version, b: Version) =>
    a.epoch === b.epoch && a.partition === b.partition && a.offset === b.offset;

  test('is antisymmetric, and 0 only for the same place in the same log', () => {
    for (const a of versions) {
      for (const b of versions) {
        assert.equal(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a)), 0);
        assert.equal(compareVersions(a, b) === 0, isSame(a, b));
      }
    }
  });

  test('is total and transitive where timestamps of a partition do not run backwards', () => {
    const orderly = versions.map((one) => ({ ...one, timestampMs: Number(one.offset) * 10 }));
    for (const a of orderly) {
      for (const b of orderly) {
        for (const c of orderly) {
          if (compareVersions(a, b) > 0 || compareVersions(b, c) > 0) continue;
          assert.ok(compareVersions(a, c) <= 0);
        }
      }
    }
  });
});
