import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFetchSizing, noteDecoded } from '../../src/kafka/fetch-size.js';
import type { Group, PackedRecords } from '../../src/kafka/internals.js';
import { fetched } from './member-world.js';

const WHOLE = { maxBytes: 8_192 * 1024, maxBytesPerPartition: 1_024 * 1024 };

/** What is asked for, KiB, in all and of a partition, before the first fetch and after each. */
function asked(responses: { received: number; left: number }[]): [number, number][] {
  const sizing = createFetchSizing(WHOLE);
  const ask = (): [number, number] => {
    const group = {} as Group;
    sizing.apply(group);
    return [group.maxBytes / 1024, group.maxBytesPerPartition / 1024];
  };
  const answers = responses.map((decoded) => {
    const memory = new ArrayBuffer(8);
    noteDecoded(memory, decoded);
    const packed = { memory } as PackedRecords;
    return () => sizing.learn([{ ...fetched(0, 0, 0), messages: [packed] }]);
  });
  return [ask(), ...answers.map((answer) => (answer(), ask()))];
}

test('the first fetch is a small one, until something came', () => {
  const sizing = createFetchSizing(WHOLE);
  const group = {} as Group;
  sizing.learn([]);
  sizing.apply(group);
  assert.equal(group.maxBytes, 256 * 1024);
  assert.deepEqual(asked([{ received: 100, left: 0 }])[1], [8_192, 1_024]);
});

test('where most of what comes is left, half as much is asked for each time, down to a 64th', () => {
  const most = { received: 100, left: 60 };
  const sizes = asked(Array.from({ length: 9 }, () => most));
  assert.deepEqual(sizes.slice(1, 4), [
    [4_096, 512],
    [2_048, 256],
    [1_024, 128],
  ]);
  assert.deepEqual(sizes.at(-1), [128, 16]);
});

test('some that is left changes nothing, none is met with twice as much, up to the whole', () => {
  const sizes = asked([
    { received: 100, left: 90 },
    { received: 100, left: 90 },
    { received: 100, left: 50 },
    { received: 100, left: 0 },
    { received: 100, left: 0 },
    { received: 100, left: 0 },
  ]);
  assert.deepEqual(
    sizes.map(([all]) => all),
    [256, 4_096, 2_048, 2_048, 4_096, 8_192, 8_192],
  );
});
