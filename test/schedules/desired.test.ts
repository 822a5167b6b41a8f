import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { desiredSchedule } from '../../src/schedules/desired.js';
import { diffSchedule } from '../../src/schedules/diff.js';
import type { NormalSchedule } from '../../src/schedules/normal.js';
import { configuration, configurationFrom } from '../config/builders.js';

function scheduleOf(orders: string): NormalSchedule {
  const { settings } = configurationFrom(configuration({ orders, worker: '{ taskQueue: drains }' }));
  const pipeline = settings.pipelines.get('orders');
  if (pipeline === undefined) throw new Error('the pipeline orders is missing');
  return desiredSchedule(settings, pipeline, 'team-a');
}

describe('the schedule of a pipeline', () => {
  const { action, spec, policies } = scheduleOf('{ topic: orders-v1 }');

  test('starts runDrain with the pipeline and its limits, and no secrets', () => {
    const { workflowType, workflowId, taskQueue, args } = action;
    assert.deepEqual([workflowType, workflowId, taskQueue], ['runDrain', 'drain/orders', 'drains']);
    assert.deepEqual(args, [
      {
        pipeline: 'orders',
        limits: {
          budgetMs: 240_000,
          startToCloseMs: 270_000,
          scheduleToCloseMs: 600_000,
          heartbeatTimeoutMs: 30_000,
          idleTimeoutMs: 30_000,
          stallTimeoutMs: 20_000,
          maxRecords: null,
        },
      },
    ]);
  });

  test('ticks at its interval, skips while a run is active, and catches up for one interval', () => {
    assert.deepEqual(spec.intervals, [{ everyMs: 300_000, offsetMs: 0 }]);
    assert.deepEqual(policies, { overlap: 'SKIP', catchupWindowMs: 300_000, pauseOnFailure: false });
  });

  test('gives a run up after four intervals', () => {
    assert.equal(action.executionTimeoutMs, 1_200_000);
  });

  test('with cron gives a run up after four times all attempts', () => {
    const limits = '{ budget: 1m, startToClose: 2m, scheduleToClose: 5m }';
    const cron = scheduleOf(`{ topic: t, schedule: { cron: "0 3 * * *" }, limits: ${limits} }`);
    assert.equal(cron.action.executionTimeoutMs, 20 * 60_000);
  });

  test('never gives a run up before its attempts are', () => {
    const { action: long } = scheduleOf('{ topic: t, limits: { scheduleToClose: 1h } }');
    assert.equal(long.executionTimeoutMs, 7_200_000);
  });

  test('says in the Web UI what goes where', () => {
    assert.equal(action.summary, 'orders-v1 → shop.orders');
    assert.match(action.details ?? '', /Budget 4m; hard kill 4m30s; all attempts 10m/);
    assert.match(action.details ?? '', /\(\/namespaces\/team-a\/schedules\/drain-orders\)/);
    assert.ok(!(action.details ?? '').includes('mongodb://'));
  });
});

describe('the difference between two schedules', () => {
  test('is empty for equal ones', () => {
    assert.deepEqual(diffSchedule(scheduleOf('{ topic: t }'), scheduleOf('{ topic: t }')), []);
  });

  test('names every value that differs, both ways round', () => {
    const wanted = scheduleOf('{ topic: t, schedule: { overlap: allow-all }, limits: { maxRecords: 5 } }');
    const found = diffSchedule(wanted, scheduleOf('{ topic: t }')).filter(
      ({ path }) => path !== 'action.details',
    );
    assert.deepEqual(found, [
      { path: 'action.args[0].limits.maxRecords', from: null, to: 5 },
      { path: 'policies.overlap', from: 'SKIP', to: 'ALLOW_ALL' },
    ]);
  });

  test('reports what is to be added or removed', () => {
    const cron = scheduleOf(
      '{ topic: t, schedule: { cron: "@daily" }, limits: { budget: 4m, startToClose: 4m30s } }',
    );
    const paths = diffSchedule(cron, scheduleOf('{ topic: t }')).filter(({ path }) =>
      path.startsWith('spec.'),
    );
    assert.deepEqual(
      paths.map(({ path, from, to }) => [path, from === undefined, to === undefined]),
      [
        ['spec.intervals[0]', false, true],
        ['spec.calendars[0]', true, false],
      ],
    );
  });
});
