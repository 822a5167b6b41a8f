import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunFigures } from '../../bench/measure.js';
import { describeSummary, ratiosOf, spreadOf, summarize } from '../../bench/summary.js';

function run(program: string, round: number, overrides: Partial<RunFigures> = {}): RunFigures {
  return {
    program,
    workload: 'new',
    round,
    records: 1_000,
    wrong: 0,
    recordsPerSecond: 100,
    firstWriteMs: 10,
    lastWriteMs: 20,
    wholeMs: 30,
    startUpMs: null,
    cpu: { client: 2, clientInWindow: 1, mongod: 0.5, kafka: 0.25, temporal: 0, bench: 0 },
    peakMemoryBytes: 50_000_000,
    times: {},
    ...overrides,
  };
}

describe('the spread of values', () => {
  test('has the least, the middle and the most, and leaves out what was not measured', () => {
    assert.deepEqual(spreadOf([3, null, 1, 2]), { min: 1, median: 2, max: 3 });
  });

  test('of an even number has a median that was measured', () => {
    assert.deepEqual(spreadOf([4, 1, 2, 3]), { min: 1, median: 2, max: 4 });
  });

  test('of nothing is nothing', () => {
    assert.equal(spreadOf([null]), null);
  });
});

describe('the ratio', () => {
  test('is of two runs of the same round and workload', () => {
    const runs = [
      run('kafka-drain', 1, { recordsPerSecond: 400 }),
      run('go', 1, { recordsPerSecond: 200 }),
      run('go', 2, { recordsPerSecond: 100 }),
      run('kafka-drain', 2, { recordsPerSecond: 300 }),
      run('kafka-drain', 1, { workload: 'hot', recordsPerSecond: 1 }),
    ];
    assert.deepEqual(ratiosOf(runs, 'new', 'go'), [2, 3]);
  });

  test('is none where one of the two has no rate', () => {
    const runs = [run('kafka-drain', 1), run('go', 1, { recordsPerSecond: null }), run('go', 2)];
    assert.deepEqual(ratiosOf(runs, 'new', 'go'), []);
  });
});

describe('the summary', () => {
  test('has kafka-drain before the others, and CPU per record in microseconds', () => {
    const [own, peer] = summarize([run('go', 1), run('kafka-drain', 1)]);
    assert.deepEqual([own?.program, own?.ratio, peer?.program], ['kafka-drain', null, 'go']);
    assert.deepEqual(peer?.ratio, { min: 1, median: 1, max: 1 });
    assert.deepEqual(
      [peer.clientMicroseconds?.median, peer.mongodMicroseconds?.median, peer.kafkaMicroseconds?.median],
      [1_000, 500, 250],
    );
  });

  test('gives no speed to a program that left a wrong document, and says how many', () => {
    const rows = summarize([
      run('kafka-drain', 1),
      run('kafka-drain', 2),
      run('go', 1),
      run('go', 2, { wrong: 7, recordsPerSecond: null }),
    ]);
    const lines = describeSummary(rows).split('\n');
    assert.match(lines[2] ?? '', /^new +go +wrong: 7 documents +– /);
  });

  test('keeps what only one program has', () => {
    const [row] = summarize([run('kafka-drain', 1, { times: { startedToRecorded: 5 } })]);
    assert.deepEqual(row?.times, { startedToRecorded: { min: 5, median: 5, max: 5 } });
  });
});
