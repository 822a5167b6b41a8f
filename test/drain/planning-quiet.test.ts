import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PartitionState } from '../../src/kafka/source.js';
import { foreign, NOW, ours, pipeline, previousRun } from './builders.js';
import { planOf, type Given } from './planning-cases.js';

describe('a quiet group', () => {
  const at = (hoursAgo: number) => new Date(NOW.getTime() - hoursAgo * 3_600_000).toISOString();
  const quiet = (hoursAgo: number): Partial<PartitionState> => ({
    committed: ours(100n, { at: at(hoursAgo) }),
  });
  const allCommitted = (since: string | null = null) =>
    previousRun([{ committed: '100' }], { quietSince: since });
  const ALLOW_ALL = { schedule: { ...pipeline().schedule, overlap: 'allowAll' as const } };

  const cases: readonly (readonly [string, Given, boolean, string | null])[] = [
    [
      'has nothing to do while our last commit is less than a day old',
      { partitions: [quiet(23)], previous: allCommitted() },
      true,
      at(23),
    ],
    [
      'joins and recommits when it is a day old',
      { partitions: [quiet(24)], previous: allCommitted() },
      false,
      at(24),
    ],
    [
      'goes by the newest commit: offsets expire for the group, not for the partition',
      { partitions: [quiet(200), quiet(1)], previous: null },
      true,
      at(1),
    ],
    [
      'without a commit of ours is quiet from now on',
      { partitions: [{ committed: foreign(100n) }] },
      true,
      at(0),
    ],
    [
      'without a commit of ours goes by what the previous run knew',
      { partitions: [{ committed: foreign(100n) }], previous: allCommitted(at(5)) },
      true,
      at(5),
    ],
    [
      'without a commit of ours joins when the previous run has known it for a day',
      { partitions: [{ committed: foreign(100n) }], previous: allCommitted(at(24)) },
      false,
      at(24),
    ],
    [
      'without a commit of ours joins at once under AllowAll, where no run knows the one before',
      { rules: ALLOW_ALL, partitions: [{ committed: foreign(100n) }] },
      false,
      new Date(0).toISOString(),
    ],
    ['under AllowAll goes by its marks', { rules: ALLOW_ALL, partitions: [quiet(3)] }, true, at(3)],
    [
      'ignores a mark from the future: that worker’s clock was wrong',
      { partitions: [quiet(-9_000)], previous: allCommitted(at(24)) },
      false,
      at(24),
    ],
    [
      'ignores a mark whose time is no time',
      { partitions: [{ committed: ours(100n, { at: 'yesterday' }) }], previous: allCommitted(at(5)) },
      true,
      at(5),
    ],
  ];
  for (const [what, given, nothingToDo, quietSince] of cases) {
    test(what, () => {
      const plan = planOf(given);
      assert.deepEqual([plan.nothingToDo, plan.quietSince, plan.lagBefore], [nothingToDo, quietSince, 0]);
    });
  }

  const busy: readonly (readonly [string, Given])[] = [
    ['one record is there', { partitions: [quiet(1), { committed: ours(99n) }] }],
    ['one partition has no commit', { partitions: [quiet(1), { low: 0n, end: 0n }] }],
    ['an empty log has no commit', { partitions: [{ low: 100n }] }],
    [
      'the last records expired unread',
      { rules: { onDataLoss: 'skip' }, partitions: [{ low: 100n, committed: ours(99n) }] },
    ],
    ['its offsets are gone', { previous: previousRun([{ committed: '100' }]) }],
  ];
  for (const [what, given] of busy) {
    test(`is not quiet where ${what}`, () => {
      const plan = planOf(given);
      assert.deepEqual([plan.nothingToDo, plan.quietSince], [false, null]);
    });
  }
});

test('a plan names what it is about, and the base of its tombstones', () => {
  const plan = planOf({
    rules: { epoch: 2, collection: 'docs', catchUp: false, fingerprint: 'f' },
    partitions: [{}],
  });
  const {
    pipeline: name,
    clusterId,
    topic,
    topics,
    group,
    collection,
    epoch,
    fingerprint,
    plannedAt,
    catchUp,
  } = plan;
  assert.deepEqual(
    { name, clusterId, topic, topics, group, collection, epoch, fingerprint, plannedAt, catchUp },
    {
      name: 'orders',
      clusterId: 'cluster-1',
      topic: 'orders',
      topics: [{ topic: 'orders', topicId: 'topic-1' }],
      group: 'drain-orders',
      collection: 'shop.docs',
      epoch: 2,
      fingerprint: 'f',
      plannedAt: NOW.toISOString(),
      catchUp: false,
    },
  );
});
