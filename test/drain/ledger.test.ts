import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ledger } from '../../src/drain/ledger.js';
import { DrainError } from '../../src/errors.js';
import { books, foreign, HOUR_MS, NOW, ours, topicState, withTopicId } from './builders.js';
import { commit, open, RUN, type Given } from './ledger-cases.js';

function reads(ledger: Ledger): number[] {
  return ledger.results(topicState()).map(({ read }) => read);
}

describe('the books', () => {
  test('of an earlier attempt of the same run are continued', () => {
    const ledger = open({
      planned: [{}, {}],
      now: [{ committed: ours(60n, { run: RUN, books: books(20) }) }, {}],
    });
    assert.equal(ledger.resumed, true);
    assert.deepEqual(reads(ledger), [20, 0]);
    assert.deepEqual(ledger.prepare('orders-0', books(10)).books, books(30));
  });

  test('of another run are not', () => {
    const ledger = open({ now: [{ committed: ours(60n, { run: 'run-0', books: books(20) }) }] });
    assert.equal(ledger.resumed, false);
    assert.deepEqual(reads(ledger), [0]);
  });

  test('are continued also where the earlier attempt had finished the partition', () => {
    const ledger = open({ now: [{ committed: ours(100n, { run: RUN, books: books(60) }) }] });
    assert.deepEqual([ledger.resumed, reads(ledger), ledger.unfinished()], [true, [60], []]);
  });

  test('are counted only when the commit that carries them is confirmed', () => {
    const ledger = open();
    const carried = ledger.prepare('orders-0', books(30));
    assert.equal(ledger.totals().counts.read, 0);
    ledger.committed('orders-0', 70n, ours(70n, { run: RUN, ...carried }).metadata);
    assert.equal(ledger.totals().counts.read, 30);
    assert.deepEqual(ledger.prepare('orders-0', books(10)), {
      books: books(40),
      from: '40',
      lost: [],
      others: [],
    });
  });

  test('of a batch whose commit never came are forgotten when the group says where it stands', () => {
    const ledger = open();
    ledger.prepare('orders-0', books(30));
    ledger.committed('orders-0', 40n, '');
    assert.equal(ledger.totals().counts.read, 0);
    assert.deepEqual(ledger.prepare('orders-0', books(20)).books, books(20));
  });

  test('of a batch that another run committed first, up to the same offset, are not counted', () => {
    const ledger = open();
    ledger.prepare('orders-0', books(30));
    ledger.committed('orders-0', 70n, ours(70n, { run: 'run-0', books: books(30) }).metadata);
    assert.equal(ledger.totals().counts.read, 0);
  });

  test('do not count what another member committed', () => {
    const ledger = open();
    ledger.prepare('orders-0', books(30));
    ledger.observe('orders-0', 100n, '');
    assert.equal(ledger.totals().counts.read, 0);
  });

  test('count what another attempt of this run committed that lives on, and no other run', () => {
    const byThisRun = ours(80n, { run: RUN, books: books(35) }).metadata;
    const byAnother = ours(90n, { run: 'run-0', books: books(50) }).metadata;
    const ledger = open({ planned: [{}, {}], now: [{}, {}] });
    ledger.committed('orders-0', 80n, byThisRun);
    ledger.observe('orders-1', 80n, byThisRun);
    assert.deepEqual(reads(ledger), [35, 35]);
    ledger.committed('orders-0', 90n, byAnother);
    ledger.observe('orders-1', 90n, byAnother);
    assert.deepEqual(reads(ledger), [35, 35]);
    assert.deepEqual(ledger.prepare('orders-0', books(5)).books, books(40));
  });

  test('stay where another run has committed the same offset once more', () => {
    const ledger = open();
    commit(ledger, 'orders-0', 70n, books(30));
    ledger.committed('orders-0', 70n, ours(70n, { run: 'run-0', books: books(1) }).metadata);
    assert.deepEqual(reads(ledger), [30]);
  });

  test('of one partition are its own', () => {
    const ledger = open({ planned: [{}, {}], now: [{}, {}] });
    commit(ledger, 'orders-0', 50n, books(10));
    commit(ledger, 'orders-1', 60n, books(20));
    assert.deepEqual([ledger.books('orders-0'), ledger.books('orders-1')], [books(10), books(20)]);
  });

  test('of several partitions add up', () => {
    const ledger = open({ planned: [{}, {}], now: [{}, {}] });
    commit(ledger, 'orders-0', 50n, books(10));
    commit(ledger, 'orders-1', 60n, books(20, { inserted: 5, unchanged: 15 }));
    assert.deepEqual(ledger.totals(), books(30, { inserted: 15, unchanged: 15 }));
    assert.deepEqual(reads(ledger), [10, 20]);
  });

  test('travel with the start that a later attempt commits', () => {
    const given: Given = {
      rules: { onDataLoss: 'skip' },
      now: [{ low: 80n, committed: ours(60n, { run: RUN, books: books(20) }) }],
    };
    const [start] = open(given).starts((content) => String(content.books.counts.read));
    assert.deepEqual(start?.start, { offset: 80n, metadata: '20', replaces: 60n });
  });
});

describe('a partition', () => {
  test('is finished when its end is committed, by us or by another member', () => {
    const ledger = open({ planned: [{}, {}, {}], now: [{}, {}, {}] });
    ledger.committed('orders-0', 99n, '');
    assert.deepEqual(
      [ledger.isDone('orders-0'), ledger.unfinished(), ledger.lag()],
      [false, ['orders-0', 'orders-1', 'orders-2'], 121],
    );
    ledger.committed('orders-0', 100n, '');
    ledger.observe('orders-1', 105n, '');
    assert.deepEqual(
      [ledger.isDone('orders-0'), ledger.isDone('orders-1'), ledger.unfinished(), ledger.lag()],
      [true, true, ['orders-2'], 60],
    );
  });

  test('is not finished by being empty: its start must be committed first', () => {
    const ledger = open({ planned: [{ start: '100' }] });
    assert.deepEqual([ledger.unfinished(), ledger.lag()], [['orders-0'], 0]);
    ledger.committed('orders-0', 100n, '');
    assert.deepEqual(ledger.unfinished(), []);
  });

  test('is open again when its commit was moved back', () => {
    const ledger = open();
    ledger.committed('orders-0', 100n, '');
    ledger.committed('orders-0', 60n, '');
    assert.deepEqual([ledger.unfinished(), ledger.lag()], [['orders-0'], 40]);
  });

  test('of another member never seems to go back', () => {
    const ledger = open();
    ledger.observe('orders-0', 80n, '');
    ledger.observe('orders-0', 60n, '');
    assert.deepEqual(ledger.committedOffsets(), [{ partition: 'orders-0', offset: '80' }]);
  });

  test('of another member goes on from what was committed before', () => {
    const ledger = open();
    ledger.committed('orders-0', 60n, '');
    ledger.observe('orders-0', 100n, '');
    assert.deepEqual([ledger.isDone('orders-0'), ledger.lag()], [true, 0]);
  });

  test('is never finished with until idle', () => {
    const ledger = open({ rules: { until: 'idle' } });
    ledger.committed('orders-0', 150n, '');
    assert.deepEqual(
      [ledger.isDone('orders-0'), ledger.unfinished(), ledger.lag()],
      [false, ['orders-0'], 0],
    );
  });

  test('that was not planned counts as done and is never written', () => {
    const ledger = open();
    ledger.committed('orders-7', 10n, '');
    ledger.observe('orders-7', 10n, '');
    assert.equal(ledger.isDone('orders-7'), true);
    assert.throws(() => ledger.prepare('orders-7', books(1)), DrainError);
  });

  test('shows in the result what the group has in the end, and the lower of planned and real start', () => {
    const ledger = open({
      planned: [{ start: '50', committed: '50' }, { start: '50', committed: '50' }, {}],
      now: [{ committed: foreign(45n) }, { committed: ours(70n, { from: '50' }) }, {}],
    });
    const atStop = topicState([{ committed: ours(100n) }, { committed: ours(80n) }, {}]);
    assert.deepEqual(
      ledger.results(atStop).map(({ start, end, committed }) => [start, end, committed]),
      [
        ['45', '100', '100'],
        ['50', '100', '80'],
        ['40', '100', null],
      ],
    );
  });
});

test('a late commit of an earlier run sets the run back: it is counted from there, and the result says so', () => {
  const ledger = open({ planned: [{ start: '60' }], now: [{ committed: ours(60n, { run: 'earlier' }) }] });
  commit(ledger, 'orders-0', 70n, books(10));
  ledger.committed('orders-0', 50n, ours(50n, { run: 'earlier' }).metadata);
  commit(ledger, 'orders-0', 100n, books(50));
  assert.equal(ledger.totals().counts.read, 50);
  const [result] = ledger.results(topicState([{ committed: ours(100n) }]));
  assert.deepEqual([result?.start, result?.committed, result?.read], ['50', '100', 50]);
});

test('where the group was set back before the first attempt, the result of a later one says so', () => {
  const planned = [{ start: '60', committed: '60' }];
  const first = open({ planned, now: [{ committed: foreign(50n) }] });
  const carried = first.prepare('orders-0', books(30));
  const second = open({ planned, now: [{ committed: ours(80n, { run: RUN, ...carried }) }] });
  commit(second, 'orders-0', 100n, books(20));
  const [result] = second.results(topicState([{ committed: ours(100n) }]));
  assert.deepEqual([result?.start, result?.read], ['50', 50]);
});

test('a late commit that sets the run back less far is counted from there, too', () => {
  const ledger = open({ planned: [{ start: '60' }], now: [{ committed: ours(60n, { run: 'earlier' }) }] });
  commit(ledger, 'orders-0', 90n, books(30));
  ledger.committed('orders-0', 70n, ours(70n, { run: 'earlier' }).metadata);
  commit(ledger, 'orders-0', 100n, books(30));
  const [result] = ledger.results(topicState([{ committed: ours(100n) }]));
  assert.deepEqual([result?.start, result?.read], ['60', 30]);
});

describe('a range that is passed over as lost', () => {
  const rules = { onDataLoss: 'skip' } as const;
  const range = { from: '60', to: '80' };
  const lostOf = (given: Given) => {
    const ledger = open(given);
    return [ledger.lost, ledger.prepare('orders-0', books(1)).lost] as const;
  };

  test('is told, and travels with every commit of the run', () => {
    const found = lostOf({ rules, now: [{ low: 80n, committed: ours(60n) }] });
    assert.deepEqual(found, [[{ topic: 'orders', partition: 0, ...range }], [range]]);
  });

  test('is told by the attempt that ends the run, although an earlier one passed over it', () => {
    const committed = ours(80n, { run: RUN, lost: [range] });
    const found = lostOf({ rules, now: [{ low: 80n, committed }] });
    assert.deepEqual(found, [[{ topic: 'orders', partition: 0, ...range }], [range]]);
  });

  test('travels on, but is not told twice, where the plan knows of it', () => {
    const planned = {
      planned: [{ start: '80' }],
      plan: { lost: [{ topic: 'orders', partition: 0, ...range }] },
    };
    const first = lostOf({ ...planned, rules, now: [{ low: 80n, committed: ours(60n) }] });
    assert.deepEqual(first, [[], [range]]);
    const committed = ours(80n, { run: RUN, lost: [range] });
    assert.deepEqual(lostOf({ ...planned, rules, now: [{ low: 80n, committed }] }), [[], [range]]);
  });

  test('travels with commits of its own partition only', () => {
    const planned = [{}, { start: '80' }];
    const ledger = open({
      planned,
      plan: { lost: [{ topic: 'orders', partition: 1, ...range }] },
      now: [{}, {}],
    });
    assert.deepEqual(
      [ledger.prepare('orders-0', books(1)).lost, ledger.prepare('orders-1', books(1)).lost],
      [[], [range]],
    );
  });

  test('of another run is the plan’s affair', () => {
    const committed = ours(80n, { run: 'another', lost: [range] });
    assert.deepEqual(lostOf({ rules, planned: [{ start: '80' }], now: [{ low: 80n, committed }] }), [[], []]);
  });
});

test('knows the last attempt that has committed something', () => {
  const now = [
    { committed: ours(50n, { run: RUN, attempt: 2 }) },
    { committed: ours(50n, { attempt: 9, run: 'x' }) },
  ];
  assert.equal(open({ planned: [{}, {}], now }).attempt, 2);
  assert.equal(open().attempt, 1);
});

test('an id of the topic that the broker doesn’t tell is no other topic', () => {
  for (const topicId of [null, 'topic-1']) open({ log: withTopicId(topicId), plan: withTopicId(null) });
  open({ log: withTopicId(null) });
  assert.throws(() => open({ log: withTopicId('topic-2') }), { code: 'TOPIC_RECREATED' });
});

test('commits of a later epoch are not gone behind', () => {
  const now = [{ committed: ours(50n, { epoch: 2 }) }];
  assert.throws(() => open({ now }), { code: 'CONFIG_MISMATCH', message: /epoch 2.*epoch 1/ });
});

test('a start is committed with the mark made of the partition’s books, whenever that is', () => {
  const at = new Date(NOW.getTime() + HOUR_MS).toISOString();
  const [start] = open().starts((content) => `${at} ${String(content.books.counts.read)}`);
  assert.deepEqual(start, {
    topic: 'orders',
    partition: 0,
    start: { offset: 40n, metadata: `${at} 0`, replaces: null },
  });
});
