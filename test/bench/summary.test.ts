import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunFigures } from '../../bench/measure.js';
import { PEERS } from '../../bench/programs.js';
import { BEST, describeSummary, ratiosOf, spreadOf, summarize } from '../../bench/summary.js';

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

describe("the connector's best setting", () => {
  const connector = (tuned: number | null, byDefault: number | null, round: number) => [
    run('connect-tuned', round, { recordsPerSecond: tuned, wrong: tuned === null ? 1 : 0 }),
    run('connect-default', round, { recordsPerSecond: byDefault, wrong: byDefault === null ? 1 : 0 }),
  ];
  const bestOf = (...runs: RunFigures[]) => summarize(runs).find(({ program }) => program === BEST.program);

  test('is the faster one of each round, in a row of its own with ratios of that round', () => {
    const own = [1, 2, 3].map((round) => run('kafka-drain', round, { recordsPerSecond: round * 100 }));
    const best = bestOf(...own, ...connector(50, 20, 1), ...connector(20, 40, 2), ...connector(30, 10, 3));
    assert.deepEqual(best?.recordsPerSecond, { min: 30, median: 40, max: 50 });
    assert.deepEqual(best.ratio, { min: 2, median: 5, max: 10 });
    assert.equal(best.rounds, 3);
  });

  test('is one that left no wrong document', () => {
    assert.deepEqual(bestOf(run('kafka-drain', 1), ...connector(null, 20, 1))?.ratio?.median, 5);
  });

  test('is none where a setting took no part, or neither has a rate', () => {
    assert.equal(bestOf(run('kafka-drain', 1), run('connect-tuned', 1)), undefined);
    assert.equal(bestOf(run('kafka-drain', 1), ...connector(null, null, 1)), undefined);
  });

  test('is of programs that there are', () => {
    const names = PEERS.map(({ name }) => name);
    assert.deepEqual(
      BEST.of.filter((name) => !names.includes(name)),
      [],
    );
  });
});
