import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { progressOf } from '../../src/drain/progress.js';
import { openLedger } from '../../src/drain/ledger.js';
import { createReporter } from '../../src/drain/reporter.js';
import type { ThreadMessage } from '../../src/drain/thread-messages.js';
import type { DrainProgress } from '../../src/contract.js';
import type { WriteResult } from '../../src/mongodb/sink.js';
import { until } from '../support/until.js';
import { books, ours, pipeline, plan, topicState, upsert } from './builders.js';
import { commit } from './ledger-cases.js';

const PROGRESS: DrainProgress = {
  phase: 'draining',
  read: 1,
  written: 1,
  lag: 0,
  ratePerSecond: 0,
  budgetLeftSeconds: 0,
  deadLettered: 0,
  resumed: false,
  committed: [],
};

function build() {
  const posted: ThreadMessage[] = [];
  return { posted, reporter: createReporter((message) => posted.push(message)) };
}

describe('the reporter', () => {
  test('makes the progress only when it is sent, and sends a few of many', async () => {
    const { posted, reporter } = build();
    let made = 0;
    const progress = () => ({ ...PROGRESS, read: (made += 1) });
    for (let i = 0; i < 1_000; i += 1) reporter.progress(progress);
    assert.ok(posted.length === made && made >= 1 && made < 1_000);
    await until('the next progress to be due', () => {
      reporter.progress(progress);
      return Promise.resolve(made > 1 || null);
    });
    assert.deepEqual(posted.at(-1), { kind: 'progress', progress: { ...PROGRESS, read: made } });
  });

  test('answers a mere sign of life with the latest progress', async () => {
    const { posted, reporter } = build();
    reporter.progress(() => ({ ...PROGRESS, read: 1 }));
    reporter.progress(() => ({ ...PROGRESS, read: 2 }));
    await until('a sign of life to be due', () => {
      reporter.alive();
      return Promise.resolve(posted.length > 1 || null);
    });
    assert.deepEqual(posted.at(-1), { kind: 'progress', progress: { ...PROGRESS, read: 2 } });
  });

  test('sends the last progress, however soon after the one before', () => {
    const { posted, reporter } = build();
    reporter.progress(() => ({ ...PROGRESS, read: 1 }));
    reporter.progress(() => ({ ...PROGRESS, read: 2 }));
    reporter.last();
    assert.deepEqual(posted.at(-1), { kind: 'progress', progress: { ...PROGRESS, read: 2 } });
  });

  test('passes on every log line', () => {
    const { posted, reporter } = build();
    reporter.log('warn', 'one');
    reporter.log('error', 'two');
    assert.deepEqual(posted, [
      { kind: 'log', level: 'warn', message: 'one' },
      { kind: 'log', level: 'error', message: 'two' },
    ]);
  });

  test('times each write and returns what it returned', async () => {
    const { posted, reporter } = build();
    const result: WriteResult = { inserted: 1, updated: 0, deleted: 0, unchanged: 0, rejected: [] };
    const models = [upsert('o-1')];
    const write = reporter.timed((given, signal: AbortSignal) => {
      assert.equal(given, models);
      assert.equal(signal.aborted, false);
      return Promise.resolve(result);
    });
    assert.equal(await write(models, new AbortController().signal), result);
    assert.deepEqual(
      posted.map(({ kind }) => kind),
      ['batch-written'],
    );
  });

  test('does not time a write that failed', async () => {
    const { posted, reporter } = build();
    const write = reporter.timed(() => Promise.reject(new Error('refused')));
    await assert.rejects(write([]), /refused/);
    assert.deepEqual(posted, []);
  });
});

test('progress counts what this attempt does per second, and all of the run otherwise', () => {
  const now = [
    { committed: ours(60n, { run: 'run-1', books: books(20, { inserted: 10, deadLettered: 10 }) }) },
  ];
  const ledger = openLedger(pipeline(), plan(), 'run-1', topicState(now));
  commit(ledger, 'orders-0', 70n, books(10, { inserted: 2, updated: 3, deleted: 4, skipped: 1 }));
  const progress = progressOf({
    ledger,
    phase: 'draining',
    drainingMs: 2_000,
    budgetMs: 9_400,
    readBefore: 20,
  });
  assert.deepEqual(progress, {
    phase: 'draining',
    read: 30,
    written: 19,
    lag: 30,
    ratePerSecond: 5,
    budgetLeftSeconds: 7,
    deadLettered: 10,
    resumed: true,
    committed: [{ partition: 'orders-0', offset: '70' }],
  });
});
