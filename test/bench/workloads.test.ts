import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recordsOf, topicOf, WORKLOADS, type Workload, type WorkloadName } from '../../bench/workloads.js';

const RECORDS = 20_000;

function workload(name: WorkloadName): Workload {
  return WORKLOADS.find((known) => known.name === name) ?? assert.fail(`no workload ${name}`);
}

const keysOf = (name: WorkloadName) => [...recordsOf(workload(name), RECORDS)].map(({ key }) => key);

describe('a workload', () => {
  for (const { name } of WORKLOADS) {
    test(`${name} is the same at every call, each value an object of JSON with the wanted bytes`, () => {
      const records = [...recordsOf(workload(name), 1_000)];
      assert.deepEqual(records, [...recordsOf(workload(name), 1_000)]);
      const sizes = new Set(records.map(({ value }) => Buffer.byteLength(value)));
      assert.deepEqual([...sizes], [workload(name).bytes]);
      for (const [version, { key, value }] of records.entries()) {
        const { order, version: written } = JSON.parse(value) as { order: number; version: number };
        assert.deepEqual([`o-${String(order)}`, written], [key, version]);
      }
    });
  }

  test('can have values of another size', () => {
    const [record] = recordsOf(workload('new'), 1, 1_000_000);
    assert.equal(record?.value.length, 1_000_000);
  });

  test('of few records has one topic, however many a program takes at most', () => {
    const names = [20_000, 200_000].map((records) => topicOf(workload('small'), records));
    assert.deepEqual(names, ['bench-small-100', 'bench-small-100']);
    assert.equal(topicOf(workload('new'), 20_000), 'bench-new-20000');
  });

  test('of new ids has no id twice', () => {
    assert.equal(new Set(keysOf('new')).size, RECORDS);
  });

  test('of updates has five records of each id, all within 5,000 records', () => {
    const places = new Map<string, number[]>();
    for (const [place, key] of keysOf('update').entries()) {
      places.set(key, [...(places.get(key) ?? []), place]);
    }
    for (const own of places.values()) {
      assert.equal(own.length, 5);
      assert.ok((own.at(-1) ?? 0) - (own[0] ?? 0) < 5_000);
    }
  });

  test('of hot ids gives half of the records to one id of a hundred', () => {
    const counts = new Map<string, number>();
    for (const key of keysOf('hot')) counts.set(key, (counts.get(key) ?? 0) + 1);
    const ids = RECORDS / 10;
    const hottest = [...counts.values()].sort((a, b) => b - a).slice(0, ids / 100);
    const share = hottest.reduce((sum, count) => sum + count, 0) / RECORDS;
    assert.ok(counts.size > 0.9 * ids && counts.size <= ids, `${String(counts.size)} ids`);
    assert.ok(Math.abs(share - 0.5) < 0.01, `share ${String(share)}`);
  });

  test('of few records has a hundred, however many are asked for', () => {
    assert.equal(keysOf('small').length, 100);
  });
});
