import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, mistakesIn, pipelineFrom } from './builders.js';

const MINUTE_MS = 60_000;

function limitsFor(schedule: string, limits = '{}') {
  return pipelineFrom(`{ topic: orders, schedule: ${schedule}, limits: ${limits} }`).limits;
}

function mistakesOf(settings: string): string[] {
  return mistakesIn(configuration({ orders: `{ topic: orders, ${settings} }` })).map((line) =>
    line.replace(/^\S+ /, ''),
  );
}

describe('the limits of a run', () => {
  test('at every 5 minutes are 4m, 4m30s and two intervals', () => {
    assert.deepEqual(limitsFor('{ every: 5m }'), {
      budgetMs: 4 * MINUTE_MS,
      startToCloseMs: 4.5 * MINUTE_MS,
      scheduleToCloseMs: 10 * MINUTE_MS,
      heartbeatTimeoutMs: 30_000,
      idleTimeoutMs: 30_000,
      stallTimeoutMs: 20_000,
      maxRecords: null,
    });
  });

  test('are 80 % and 90 % of a shorter interval', () => {
    const { budgetMs, startToCloseMs, scheduleToCloseMs } = limitsFor('{ every: 2m }');
    assert.deepEqual([budgetMs, startToCloseMs, scheduleToCloseMs], [96_000, 108_000, 240_000]);
  });

  test('of a longer interval stay those of 5 minutes, but for all attempts together', () => {
    const { budgetMs, startToCloseMs, scheduleToCloseMs } = limitsFor('{ every: 1h }');
    assert.deepEqual([budgetMs, startToCloseMs, scheduleToCloseMs], [240_000, 270_000, 7_200_000]);
  });

  test('without a schedule are those of every 5 minutes', () => {
    assert.deepEqual(pipelineFrom('{ topic: orders }').limits, limitsFor('{ every: 5m }'));
  });

  test('may be short, for tests', () => {
    const { budgetMs, startToCloseMs } = limitsFor('{ every: 1m }', '{ budget: 2s, startToClose: 6s }');
    assert.deepEqual([budgetMs, startToCloseMs], [2_000, 6_000]);
  });

  test('with cron leave room for a second attempt', () => {
    const { scheduleToCloseMs } = limitsFor('{ cron: "@daily" }', '{ budget: 30m, startToClose: 40m }');
    assert.equal(scheduleToCloseMs, 80 * MINUTE_MS);
  });

  test('with cron must be given', () => {
    assert.deepEqual(mistakesOf('schedule: { cron: "@daily" }'), [
      'pipelines.orders.limits.budget: missing; with `cron` there is no interval to derive it from, so it must be given, for instance 4m',
      'pipelines.orders.limits.startToClose: missing; with `cron` there is no interval to derive it from, so it must be given, for instance 4m30s',
    ]);
  });
});

describe('the rules between limits', () => {
  test('the budget ends before the hard kill', () => {
    assert.match(
      mistakesOf('limits: { budget: 5m }').join(),
      /budget \(5m\) must be shorter than startToClose \(4m30s\)/,
    );
    assert.match(
      mistakesOf('limits: { budget: 3m, startToClose: 3m }').join(),
      /budget \(3m\) must be shorter/,
    );
  });

  test('one attempt is no longer than all', () => {
    assert.match(
      mistakesOf('limits: { scheduleToClose: 4m }').join(),
      /startToClose \(4m30s\) .* must not be longer than scheduleToClose \(4m\)/,
    );
    assert.deepEqual(mistakesOf('limits: { scheduleToClose: 4m30s }'), []);
  });

  test('a silent thread is terminated before another worker takes over', () => {
    assert.match(
      mistakesOf('limits: { heartbeatTimeout: 20s }').join(),
      /stallTimeout \(20s\) must be shorter than heartbeatTimeout \(20s\)/,
    );
  });

  test('with `until: idle` a run can end idle', () => {
    assert.match(
      mistakesOf('until: idle, limits: { idleTimeout: 4m }').join(),
      /idleTimeout \(4m\) must be shorter than budget \(4m\)/,
    );
    assert.deepEqual(mistakesOf('limits: { idleTimeout: 4m }'), []);
  });

  test('heartbeats come before their timeout', () => {
    const text = configuration({ worker: '{ heartbeatInterval: 30s }' });
    assert.match(
      mistakesIn(text).join(),
      /pipelines\.orders\.limits\.heartbeatTimeout: .*longer than worker\.heartbeatInterval \(30s\)/,
    );
  });

  test('are checked although another part of the pipeline is wrong', () => {
    assert.equal(mistakesOf('until: never, limits: { budget: 5m }').length, 2);
  });
});
