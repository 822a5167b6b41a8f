import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DrainOutcome, PartitionResult, PlannedPartition } from '../src/contract.js';
import { packOutcome, packPlan, unpackOutcome, unpackPlan } from '../src/packed.js';
import { untouched } from '../src/workflows/result.js';
import { plan } from './drain/builders.js';

/** So many topics of 20 partitions, of which nothing is to be read. */
function quiet(topics: number): PlannedPartition[] {
  return Array.from({ length: topics * 20 }, (_, index) => {
    const offset = String(1_234_567 + index);
    const topic = `shop.${String(Math.floor(index / 20)).padStart(2, '0')}`;
    return { topic, partition: index % 20, start: offset, end: offset, committed: offset };
  });
}

const SPECIAL: PlannedPartition[] = [
  { topic: 'x', partition: 0, start: '40', end: '100', committed: '40' },
  { topic: 'x', partition: 1, start: '0', end: '9223372036854775807', committed: null },
  { topic: 'x', partition: 3, start: '40', end: '40', committed: '7' },
  { topic: 'x', partition: 4, start: '3', end: '5', committed: null, added: true },
];

const planOf = (partitions: PlannedPartition[]) => ({ ...plan(), partitions });

function outcomeOf(partitions: PartitionResult[]): DrainOutcome {
  return { ...untouched(plan(), 'stopped'), partitions };
}

describe('in history', () => {
  test('a plan of up to a hundred partitions stands as it is', () => {
    const small = planOf(quiet(5));
    assert.deepEqual(packPlan(small), small);
    assert.deepEqual(unpackPlan(small), small);
  });

  test('one of more is a line for each topic, from which it comes back as it was', () => {
    const large = planOf([...quiet(5), ...SPECIAL]);
    const packed = packPlan(large);
    assert.equal(packed.partitions.length, 6);
    assert.equal(packed.partitions.at(-1), 'x: 40-100, 0-9223372036854775807 committed none, , 40 committed 7, 3-5 committed none new'); // prettier-ignore
    assert.deepEqual(unpackPlan(packed), large);
  });

  test('what a drain did in more is too, with what it has read', () => {
    const results = SPECIAL.map((planned, index) => ({ ...planned, read: index * 10 }));
    const large = outcomeOf([...quiet(5).map((planned) => ({ ...planned, read: 0 })), ...results]);
    const packed = packOutcome(large);
    assert.equal(packed.partitions.at(-1), 'x: 40-100 committed 40, 0-9223372036854775807 committed none read 10, , 40 committed 7 read 20, 3-5 committed none read 30 new'); // prettier-ignore
    assert.deepEqual(unpackOutcome(packed), large);
  });

  test('a plan of 1,000 partitions in 50 topics takes some KB', () => {
    const large = planOf(quiet(50));
    assert.ok(JSON.stringify(large).length > 85_000);
    assert.ok(JSON.stringify(packPlan(large)).length < 12_000);
  });

  test('the order of the topics is kept, whatever their names', () => {
    const named = ['10', '9', '__proto__', 'a.b'].flatMap(
      (topic) =>
      quiet(2).slice(0, 40).map((planned, partition) => ({ ...planned, topic, partition })), // prettier-ignore
    );
    assert.deepEqual(unpackPlan(packPlan(planOf(named))).partitions, named);
  });

  test('what is no entry of ours is refused, not passed over', () => {
    assert.throws(() => unpackPlan({ ...plan(), partitions: ['x: 1-2, 3-'] }), /no entry of a partition: 3-/);
  });
});
