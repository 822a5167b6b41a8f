import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFetchSizing, noteDecoded, type Decoded } from '../../src/kafka/fetch-size.js';
import type { Group, PackedRecords } from '../../src/kafka/internals.js';
import { fetched, groupOf } from './member-world.js';

const WHOLE = { maxBytes: 8_192 * 1024, maxBytesPerPartition: 1_024 * 1024, maxBytesAlone: 4_096 * 1024 };

type Assigned = ReturnType<Group['assigned']>;

const SEVERAL: Assigned = [{ topic: 'orders', partitions: [0, 1] }];

/** What is asked for, KiB, in all and of a partition, before the first fetch and after each. */
function asked(responses: { received: number; left: number }[]): [number, number][] {
  const sizing = createFetchSizing(WHOLE);
  const ask = (): [number, number] => {
    const group = groupOf(...SEVERAL);
    sizing.apply(group);
    return [group.maxBytes / 1024, group.maxBytesPerPartition / 1024];
  };
  return [ask(), ...responses.map((decoded) => (learn(sizing, decoded), ask()))];
}

function learn(sizing: ReturnType<typeof createFetchSizing>, decoded: Decoded): void {
  const memory = new ArrayBuffer(8);
  noteDecoded(memory, decoded);
  const packed = { memory } as PackedRecords;
  sizing.learn([{ ...fetched(0, 0, 0), messages: [packed] }]);
}

test('the first fetch is a small one, until something came', () => {
  const sizing = createFetchSizing(WHOLE);
  const group = groupOf(...SEVERAL);
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

const ALONE: Assigned = [{ topic: 'orders', partitions: [3] }];

/** What is asked for of each partition, KiB. */
function ofEach({ apply }: ReturnType<typeof createFetchSizing>, assigned: Assigned): number {
  const group = groupOf(...assigned);
  apply(group);
  return group.maxBytesPerPartition / 1024;
}

test('of a partition that is assigned alone more is asked for, as long as it is alone', () => {
  const sizing = createFetchSizing(WHOLE);
  assert.equal(ofEach(sizing, ALONE), 4_096);
  assert.equal(ofEach(sizing, SEVERAL), 1_024);
  assert.equal(ofEach(sizing, [...ALONE, { topic: 'invoices', partitions: [0] }]), 1_024);
  assert.equal(ofEach(sizing, []), 1_024);
  assert.equal(ofEach(sizing, ALONE), 4_096);
});

test('of one that is alone hardly more is asked for than was handled at once, and not less than of one among others', () => {
  const sizing = createFetchSizing(WHOLE);
  const after = (received: number, left: number): number => {
    learn(sizing, { received: received * 1024, left: left * 1024 });
    return ofEach(sizing, ALONE);
  };
  assert.equal(ofEach(sizing, ALONE), 4_096);
  assert.equal(after(4_096, 1_096), 3_000);
  assert.equal(after(3_000, 0), 3_187.5);
  assert.equal(after(3_187, 187), 3_000);
  assert.equal(after(3_000, 2_500), 1_024);
  assert.equal(ofEach(sizing, SEVERAL), 1_024);
  assert.equal(after(8_192, 4_000), 1_024, 'what came of several says nothing of one');
  for (let fetches = 0; fetches < 40; fetches += 1) after(1_024, 0);
  assert.equal(ofEach(sizing, ALONE), 4_096);
});

test('where most of what came of one alone is left, as much as of one among others is tried before less', () => {
  const sizing = createFetchSizing(WHOLE);
  const most = { received: 100, left: 90 };
  ofEach(sizing, ALONE);
  learn(sizing, most);
  assert.equal(ofEach(sizing, ALONE), 1_024);
  learn(sizing, most);
  assert.equal(ofEach(sizing, ALONE), 512);
});
