import type { Mutant } from '../mutant.js';

/** When a drain ends, and what keeps it alive. */
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
    name: 'the thread does not listen to a wish to stop',
    bug: null,
    edits: [{ file: 'drain/thread', find: 'asked.abort(reason);', replace: '' }],
    tests: ['drain/thread'],
    servers: true,
  },
  {
    name: 'the budget begins anew with every rebalance',
    bug: null,
    edits: [
      { file: 'drain/attempt', find: 'assignedMs ??= deps.clock()', replace: 'assignedMs = deps.clock()' },
    ],
    tests: ['drain/drain'],
  },
  {
    name: 'a long join is taken from the budget',
    bug: null,
    edits: [
      {
        file: 'drain/attempt',
        find: '(assignedMs === null ? 0 : deps.clock() - assignedMs)',
        replace: 'elapsedMs()',
      },
    ],
    tests: ['drain/drain'],
  },
  {
    name: 'a partition that was given away still counts as owned',
    bug: null,
    edits: [{ file: 'drain/attempt', find: 'owned.clear();', replace: '' }],
    tests: ['drain/drain'],
  },
  {
    name: 'what others committed under an earlier epoch counts',
    bug: null,
    edits: [
      { file: 'drain/drain', find: 'committedInEpoch(pipeline, { committed: offset })', replace: 'offset' },
    ],
    tests: ['drain/drain'],
  },
  {
    name: 'a write goes on although the reading has failed',
    bug: null,
    edits: [
      {
        file: 'drain/drain',
        find: "abandoned.abort(new DrainError('UNEXPECTED', 'the drain has ended'));",
        replace: '',
      },
    ],
    tests: ['drain/drain'],
  },
  {
    name: 'an operator who asks at the last moment gets a partial result of a whole run',
    bug: null,
    edits: [
      {
        file: 'drain/stop-rule',
        find: "rule.until === 'end-offsets' && allCommitted",
        replace: "now.asked === null && rule.until === 'end-offsets' && allCommitted",
      },
    ],
    tests: ['drain/stop-rule'],
  },
  {
    name: 'the last progress of a failing attempt is not sent',
    bug: null,
    edits: [{ file: 'drain/reporter', find: 'last: postNow', replace: 'last: () => undefined' }],
    tests: ['drain/reporter'],
  },
  {
    name: 'batches are handled after a stop',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'const ended = state.request.signal.aborted ||',
        replace: 'const ended =',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'a commit that fails while stopping is forgotten',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'if (state.request.signal.aborted && !isRebalance(error))',
        replace: 'if (false)',
      },
    ],
    tests: ['kafka/member'],
  },
];
