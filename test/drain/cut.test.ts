import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRoom, cutAtEnd } from '../../src/drain/cut.js';
import type { RecordBatch } from '../../src/kafka/source.js';
import { record } from './builders.js';

/** Records at the given offsets; behind them whatever is invisible, up to `nextOffset`. */
function batch(offsets: number[], nextOffset: number): RecordBatch {
  return {
    topic: 'orders',
    partition: 'orders-0',
    records: offsets.map((offset) => record({ offset: BigInt(offset) })),
    nextOffset: BigInt(nextOffset),
  };
}

function shown(cut: RecordBatch | null): unknown {
  return cut === null ? null : [cut.records.map(({ offset }) => Number(offset)), Number(cut.nextOffset)];
}

describe('cutting at the end', () => {
  const cases: readonly (readonly [string, number[], number, bigint | null, unknown])[] = [
    ['without an end nothing is cut', [1, 2], 3, null, [[1, 2], 3]],
    ['a batch before the end stays whole', [1, 2], 3, 10n, [[1, 2], 3]],
    ['a batch that reaches exactly the end stays whole', [1, 2], 3, 3n, [[1, 2], 3]],
    ['records at and behind the end are dropped', [1, 2, 3, 4], 5, 3n, [[1, 2], 3]],
    ['an end in a gap is reached', [1, 2, 8], 9, 5n, [[1, 2], 5]],
    ['a batch of nothing visible reaches the end, not more', [], 9, 5n, [[], 5]],
    ['a batch that lies behind the end is emptied', [7, 8], 9, 5n, [[], 5]],
  ];
  for (const [rule, offsets, next, end, expected] of cases) {
    test(rule, () => {
      assert.deepEqual(shown(cutAtEnd(batch(offsets, next), end)), expected);
    });
  }
});

describe('the room of maxRecords', () => {
  const cases: readonly (readonly [string, number | null, number, number[], number, unknown])[] = [
    ['is endless without a limit', null, 1_000_000, [1, 2], 3, [[1, 2], 3]],
    ['takes a batch that fits', 2, 0, [1, 2], 5, [[1, 2], 5]],
    ['cuts at the first record that does not fit', 2, 0, [1, 2, 6], 9, [[1, 2], 6]],
    ['counts what earlier attempts have read', 3, 2, [1, 2], 3, [[1], 2]],
    ['takes nothing when it is used up', 3, 3, [1], 2, null],
    ['takes nothing when more than it is used up', 3, 4, [1], 2, null],
    ['lets a batch of nothing visible pass although it is used up', 3, 3, [], 2, [[], 2]],
  ];
  for (const [rule, max, already, offsets, next, expected] of cases) {
    test(rule, () => {
      assert.deepEqual(shown(createRoom(max, () => already).fit(batch(offsets, next))), expected);
    });
  }

  test('shrinks by what is taken, and grows again by what a rebalance gives back', () => {
    const room = createRoom(3, () => 1);
    room.take('orders-7', 1);
    assert.deepEqual(shown(room.fit(batch([1, 2], 3))), [[1], 2]);
    room.giveBack('orders-7');
    assert.deepEqual(shown(room.fit(batch([1, 2], 3))), [[1, 2], 3]);
  });

  test('counts a batch once, before its commit and after it', () => {
    let committed = 0;
    const room = createRoom(3, () => committed);
    room.take('orders-0', 2);
    assert.deepEqual(shown(room.fit(batch([1, 2], 3))), [[1], 2]);
    committed = 2;
    room.giveBack('orders-0');
    assert.deepEqual(shown(room.fit(batch([1, 2], 3))), [[1], 2]);
  });
});
