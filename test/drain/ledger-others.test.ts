import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeMark } from '../../src/drain/commit-mark.js';
import { books, HOUR_MS, NOW, ours, pipeline, runMark } from './builders.js';
import { commit, open, RUN } from './ledger-cases.js';

const OTHER = 'run-2';
const at = (agoMs: number) => new Date(NOW.getTime() - agoMs).toISOString();

describe('where runs overlap', () => {
  test('a run hands on what another one has said of the partition before', () => {
    const theirs = { run: OTHER, attempt: 2, books: books(20), at: at(1_000) };
    const ledger = open({ now: [{ committed: ours(60n, theirs) }] });
    assert.equal(ledger.resumed, false);
    const carried = ledger.prepare('orders-0', books(10));
    assert.deepEqual(carried.books, books(10));
    const { metadata } = ours(70n, { run: RUN, ...carried });
    const [handedOn, ...more] = decodeMark(metadata)?.others ?? [];
    assert.deepEqual([handedOn?.run, handedOn?.attempt, handedOn?.books], [OTHER, 2, books(20)]);
    assert.deepEqual(more, []);
  });

  test('the next attempt of a killed run finds its books in the commit of the run that has its partition', () => {
    const own = runMark({ run: RUN, books: books(20), at: at(2_000) });
    const theirs = { run: OTHER, books: books(10), from: '60', at: at(1_000), others: [own] };
    const ledger = open({ now: [{ committed: ours(70n, theirs) }] });
    assert.equal(ledger.resumed, true);
    assert.deepEqual(ledger.totals(), books(20));
    const carried = ledger.prepare('orders-0', books(5));
    assert.deepEqual([carried.books, carried.from], [books(25), '40']);
    assert.deepEqual(
      carried.others.map(({ run }) => run),
      [OTHER],
    );
  });

  test('a partition that goes to another run and comes back keeps the books of both', () => {
    const ledger = open();
    commit(ledger, 'orders-0', 60n, books(20));
    const own = runMark({ run: RUN, books: books(20), at: at(2_000) });
    const theirs = ours(70n, { run: OTHER, books: books(10), from: '60', at: at(1_000), others: [own] });
    ledger.committed('orders-0', 70n, theirs.metadata);
    assert.deepEqual(ledger.totals(), books(20));
    const carried = ledger.prepare('orders-0', books(5));
    assert.deepEqual(carried.books, books(25));
    assert.deepEqual(
      carried.others.map(({ run, books: said }) => [run, said]),
      [[OTHER, books(10)]],
    );
  });

  test('what a run has said that can no longer be under way is left out', () => {
    const { limits } = pipeline();
    const others = [1, -1].map((side) =>
      runMark({ run: `run-${String(side)}`, at: at(limits.scheduleToCloseMs + side * 60_000) }),
    );
    const theirs = { run: OTHER, at: at(limits.scheduleToCloseMs + 24 * HOUR_MS), others };
    const ledger = open({ now: [{ committed: ours(60n, theirs) }] });
    const { others: kept } = ledger.prepare('orders-0', books(1));
    assert.deepEqual(
      kept.map(({ run }) => run),
      ['run--1'],
    );
  });
});
