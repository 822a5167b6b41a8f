import type { Mutant } from '../mutant.js';

/** Who watches over the drain thread, and what Temporal hears of it. */
export const SUPERVISE_MUTANTS: readonly Mutant[] = [
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
    name: 'a thread that is over is not released',
    bug: null,
    edits: [{ file: 'activities/supervise', find: 'await thread.release();', replace: '' }],
    tests: ['activities/supervise'],
  },
  {
    name: 'a wish to stop is not passed on to the thread',
    bug: null,
    edits: [{ file: 'activities/supervise', find: 'thread.stop(stop);', replace: '' }],
    tests: ['activities/supervise'],
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
  {
    name: 'a thread that was asked to stop is used again',
    bug: null,
    edits: [{ file: 'activities/drain-thread', find: 'mayRest = false;', replace: '' }],
    tests: ['drain/kept-thread'],
    servers: true,
  },
  {
    name: 'a thread that has run a transform is used again',
    bug: null,
    edits: [
      {
        file: 'activities/drain-thread',
        find: 'let mayRest = input.transform === null;',
        replace: 'let mayRest = true;',
      },
    ],
    tests: ['drain/kept-thread'],
    servers: true,
  },
  {
    name: 'a thread with something left of its run is used again',
    bug: null,
    edits: [{ file: 'drain/thread', find: "resource !== 'MessagePort'", replace: 'false' }],
    tests: ['drain/kept-thread'],
    servers: true,
  },
  {
    name: 'a thread that has not said that it is done is given time to rest',
    bug: null,
    edits: [
      { file: 'activities/drain-thread', find: 'if (mayRest && run.isDone())', replace: 'if (mayRest)' },
    ],
    tests: ['drain/kept-thread'],
    servers: true,
  },
  {
    name: 'no thread is used again',
    bug: null,
    edits: [{ file: 'activities/drain-thread', find: 'if (mayRest && run.isDone())', replace: 'if (false)' }],
    tests: ['drain/kept-thread'],
    servers: true,
  },
  {
    name: 'a thread is used for ever',
    bug: null,
    edits: [
      {
        file: 'activities/drain-thread',
        find: 'const RUNS_PER_THREAD = 100;',
        replace: 'const RUNS_PER_THREAD = 1e9;',
      },
    ],
    tests: ['drain/kept-thread'],
    servers: true,
  },
];
