import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignWishes, type Wish } from '../../src/kafka/assignor.js';

const wish = (memberId: string, partitions: number[], topic = 'orders'): Wish => ({
  memberId,
  partitions: partitions.map((partition) => ({ topic, partition })),
});

function assigned(...wishes: Wish[]): Record<string, number[]> {
  return Object.fromEntries(
    [...assignWishes(wishes)].map(([member, given]) => [member, given.map(({ partition }) => partition)]),
  );
}

test('members with the same wishes share evenly', () => {
  assert.deepEqual(assigned(wish('a', [0, 1, 2, 3, 4]), wish('b', [0, 1, 2, 3, 4])), {
    a: [0, 2, 4],
    b: [1, 3],
  });
});

test('the answer does not depend on the order of members and partitions', () => {
  const one = assigned(wish('a', [0, 1, 2]), wish('b', [2, 1, 0]), wish('c', [1]));
  const other = assigned(wish('c', [1]), wish('b', [0, 1, 2]), wish('a', [2, 0, 1]));
  assert.deepEqual(one, other);
  assert.deepEqual(one, { a: [0], b: [2], c: [1] });
});

test('nobody gets what it did not ask for, and everything asked for is given once', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const wishes = Array.from({ length: (seed % 5) + 1 }, (_, member) =>
      wish(
        `m${(seed * 7 + member * 3) % 11}-${member}`,
        Array.from({ length: 12 }, (_, partition) => partition).filter(
          (p) => (seed >> ((p + member) % 7)) % 2 === 1,
        ),
      ),
    );
    const result = assigned(...wishes);
    const given = Object.values(result).flat();
    const wished = wishes.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
    assert.deepEqual(new Set(given), new Set(wished));
    assert.equal(given.length, new Set(given).size);
    for (const { memberId, partitions } of wishes) {
      assert.ok(result[memberId]?.every((given) => partitions.some(({ partition }) => partition === given)));
    }
  }
});

test('a partition that only one member wants goes to it before the shared ones are dealt', () => {
  assert.deepEqual(assigned(wish('a', [0, 1, 2]), wish('b', [1, 2])), { a: [0, 2], b: [1] });
});

test('members of two topics in one group do not take from each other', () => {
  const orders = wish('a', [0, 1], 'orders');
  const refunds = wish('b', [0, 1], 'refunds');
  const result = assignWishes([orders, refunds]);
  assert.deepEqual(result.get('a'), orders.partitions);
  assert.deepEqual(result.get('b'), refunds.partitions);
});

test('partitions of several topics are shared by members that want them all', () => {
  const all = [...wish('', [0, 1], 'orders').partitions, ...wish('', [0, 1], 'refunds').partitions];
  const result = assignWishes([
    { memberId: 'a', partitions: all },
    { memberId: 'b', partitions: all },
  ]);
  assert.deepEqual(
    [...result.values()].map(({ length }) => length),
    [2, 2],
  );
  assert.deepEqual(new Set([...result.values()].flat()), new Set(all));
});

test('a member with no wishes stays in the group with nothing', () => {
  assert.deepEqual(assigned(wish('a', []), wish('b', [0])), { a: [], b: [0] });
});
