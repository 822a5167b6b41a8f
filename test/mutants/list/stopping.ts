import type { Mutant } from '../mutant.js';

/** When a drain, a thread or a run ends, and what keeps it alive. */
export const STOP_MUTANTS: readonly Mutant[] = [
  {
    name: 'the budget follows the wall clock',
    bug: 'wall-clock deadline',
    edits: [
      {
        file: 'drain/attempt',
        find: 'const drainingMs = () => (assignedMs === null ? 0 : deps.clock() - assignedMs);',
        replace:
          'const drainingMs = () => (assignedMs === null ? 0 : deps.wallClock().getTime() - assignedMs);',
      },
      {
        file: 'drain/attempt',
        find: 'assignedMs ??= deps.clock();',
        replace: 'assignedMs ??= deps.wallClock().getTime();',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'the drain thread measures time by the wall clock',
    bug: 'wall-clock deadline',
    edits: [
      { file: 'drain/thread', find: 'clock: () => performance.now(),', replace: 'clock: () => Date.now(),' },
    ],
    tests: ['drain/thread'],
    servers: true,
  },
  {
    name: 'the worker measures the hard kill by the wall clock',
    bug: 'wall-clock deadline',
    edits: [{ file: 'worker', find: 'clock: () => performance.now(),', replace: 'clock: () => Date.now(),' }],
    tests: ['drain/clocks'],
  },
  {
    name: 'the supervisor sends heartbeats by its own timer',
    bug: 'heartbeat from a timer although the drain hangs',
    edits: [
      {
        file: 'activities/supervise',
        find: 'heartbeat(unsent);\n        unsent = null;',
        replace: 'heartbeat(unsent);',
      },
    ],
    tests: ['activities/supervise'],
  },
  {
    name: 'the drain reports by its own timer',
    bug: 'heartbeat from a timer although the drain hangs',
    edits: [
      {
        file: 'drain/drain',
        find: 'deps.every(TICK_MS, check)',
        replace: 'deps.every(TICK_MS, () => { attempt.report(); check(); })',
      },
    ],
    tests: ['drain/drain'],
  },
  {
    name: 'a silent thread is not noticed',
    bug: 'heartbeat from a timer although the drain hangs',
    edits: [
      {
        file: 'activities/supervise',
        find: 'if (now - lastSignMs >= stallTimeoutMs)',
        replace: 'if (false)',
      },
    ],
    tests: ['activities/supervise'],
  },
  {
    name: 'the idle clock runs while a batch is in hand',
    bug: null,
    edits: [{ file: 'drain/idle-clock', find: 'if (inHand === 0)\n                since', replace: 'since' }],
    tests: ['drain/idle-clock'],
  },
  {
    name: 'an outage counts as idleness',
    bug: null,
    edits: [
      { file: 'drain/idle-clock', find: 'interrupted: reset', replace: 'interrupted: () => undefined' },
    ],
    tests: ['drain/idle-clock'],
  },
  {
    name: 'drained means that the own partitions are drained',
    bug: null,
    edits: [
      {
        file: 'drain/stop-rule',
        find: 'now.ownUnfinished.length + now.othersUnfinished.length === 0',
        replace: 'now.ownUnfinished.length === 0',
      },
    ],
    tests: ['drain/stop-rule'],
  },
  {
    name: 'a stall counts as drained',
    bug: null,
    edits: [
      {
        file: 'drain/stop-rule',
        find: "{ kind: 'stalled', partitions: now.ownUnfinished }",
        replace: "stop('drained')",
      },
    ],
    tests: ['drain/stop-rule'],
  },
  {
    name: 'what other members have committed is not looked at',
    bug: null,
    edits: [
      {
        file: 'drain/drain',
        find: 'deps.every(WATCH_OTHERS_MS, () => watchOthers(deps, task, attempt))',
        replace: '(() => undefined)',
      },
    ],
    tests: ['drain/drain'],
  },
  {
    name: 'the collection is not checked before anything is read',
    bug: null,
    edits: [{ file: 'drain/drain', find: 'await deps.sink.check();', replace: '' }],
    tests: ['drain/drain'],
  },
  {
    name: 'a thread that is over is not terminated',
    bug: null,
    edits: [{ file: 'activities/supervise', find: 'await thread.terminate();', replace: '' }],
    tests: ['activities/supervise'],
  },
  {
    name: 'a wish to stop is not passed on to the thread',
    bug: null,
    edits: [{ file: 'activities/supervise', find: 'thread.stop(stop);', replace: '' }],
    tests: ['activities/supervise'],
  },
  {
    name: 'the thread does not listen to a wish to stop',
    bug: null,
    edits: [{ file: 'drain/thread', find: 'asked.abort(reason);', replace: '' }],
    tests: ['drain/thread'],
    servers: true,
  },
  {
    name: 'an attempt that the server gave up may commit what it has in hand',
    bug: null,
    edits: [
      {
        file: 'activities/supervise',
        find: "if (text === 'TIMED_OUT' || text === 'NOT_FOUND')",
        replace: 'if (false)',
      },
    ],
    tests: ['activities/supervise'],
  },
  {
    name: 'a thread that was asked to stop has all the time in the world',
    bug: null,
    edits: [{ file: 'activities/supervise', find: 'watch.expectEnd();', replace: '' }],
    tests: ['activities/supervise'],
  },
  {
    name: 'a thread that is too old goes on',
    bug: null,
    edits: [{ file: 'activities/supervise', find: 'if (now >= deadline.atMs)', replace: 'if (false)' }],
    tests: ['activities/supervise'],
  },
  {
    name: 'the hard kill comes when the server has given the attempt up already',
    bug: null,
    edits: [
      {
        file: 'activities/deadline',
        find: 'given - Math.min(KILL_MARGIN_MS, limits.startToCloseMs * KILL_MARGIN_SHARE)',
        replace: 'given + KILL_MARGIN_MS',
      },
    ],
    tests: ['activities/deadline'],
  },
  {
    name: 'a later attempt has the whole time again',
    bug: null,
    edits: [
      {
        file: 'activities/deadline',
        find: 'limits.scheduleToCloseMs - sinceScheduledMs',
        replace: 'limits.scheduleToCloseMs',
      },
    ],
    tests: ['activities/deadline'],
  },
  {
    name: 'a failure loses where the run stood',
    bug: null,
    edits: [
      {
        file: 'activities/failure',
        find: 'nonRetryable: !retryable, details',
        replace: 'nonRetryable: !retryable',
      },
    ],
    tests: ['activities/failure'],
  },
];
