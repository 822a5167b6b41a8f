import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { optionsFrom, rotated, type BenchFlags } from '../../bench/options.js';

const PEERS = [{ name: 'go' }, { name: 'loop' }, { name: 'more', isExtra: true }];
const DATE = new Date('2026-01-31T15:04:05Z');
const options = (flags: BenchFlags) => optionsFrom(flags, PEERS, DATE);

describe('the options of the bench', () => {
  test('are everything with 200,000 records in three rounds, written to a file with the date', () => {
    const { workloads, peers, records, rounds, out } = options({});
    assert.deepEqual(
      workloads.map(({ name }) => name),
      ['new', 'update', 'hot', 'replay', 'small', 'empty'],
    );
    assert.deepEqual([peers, records, rounds], [['go', 'loop'], 200_000, 3]);
    assert.equal(out, 'bench/results/2026-01-31T15-04.json');
  });

  test('with --quick are small, and nothing is written unless asked for', () => {
    const { records, rounds, out } = options({ quick: true });
    assert.deepEqual([records, rounds, out], [20_000, 1, undefined]);
    assert.equal(options({ quick: true, out: 'x.json' }).out, 'x.json');
  });

  test('name workloads and peers, also those that take part only then; none of the peers with an empty name', () => {
    const { workloads, peers } = options({ workloads: 'hot,new', peers: '' });
    assert.deepEqual(
      workloads.map(({ name }) => name),
      ['new', 'hot'],
    );
    assert.deepEqual(peers, []);
    assert.deepEqual(options({ peers: 'more,go' }).peers, ['more', 'go']);
  });

  test('refuse what is unknown, and say what there is', () => {
    assert.throws(() => options({ peers: 'spark' }), /--peers: there is no spark; there are go, loop, more/);
    assert.throws(() => options({ workloads: 'old' }), /--workloads: there is no old; there are new, /);
    assert.throws(() => options({ compression: 'rar' }), /--compression: there is no rar; there are gzip, /);
    assert.throws(() => options({ records: '0' }), /--records must be a whole number of at least 1, not 0/);
    assert.throws(() => options({ rounds: 'two' }), /--rounds must be a whole number/);
  });
});

test('in each round another program comes first', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join('')),
    ['abc', 'bca', 'cab', 'abc'],
  );
});
