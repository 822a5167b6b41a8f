import type { Mutant } from '../mutant.js';

/** Schedules, and what a run leaves for the next. */
export const SCHEDULE_MUTANTS: readonly Mutant[] = [
  {
    name: 'applying a schedule ends its pause',
    bug: null,
    edits: [
      {
        file: 'schedules/apply',
        find: '({ ...toOptions(desired), state })',
        replace: '({ ...toOptions(desired), state: { ...state, paused: false } })',
      },
    ],
    tests: ['schedules/apply'],
    only: 'pause',
    servers: true,
  },
  {
    name: 'somebody else’s schedule of the same name is taken over',
    bug: null,
    edits: [
      { file: 'schedules/apply', find: 'if (ownerOf(description.memo) === null)', replace: 'if (false)' },
    ],
    tests: ['schedules/apply'],
    only: 'did not make',
    servers: true,
  },
  {
    name: 'runs overlap whatever the configuration says',
    bug: null,
    edits: [
      {
        file: 'schedules/desired',
        find: 'overlap: OVERLAP[schedule.overlap]',
        replace: "overlap: 'ALLOW_ALL'",
      },
    ],
    tests: ['schedules/desired'],
  },
  {
    name: 'the next run follows at once although nothing was done',
    bug: null,
    edits: [{ file: 'workflows/result', find: '|| records.read === 0', replace: '' }],
    tests: ['workflows/result'],
  },
  {
    name: 'lost ranges of the drain are not in the result',
    bug: null,
    edits: [{ file: 'workflows/result', find: '[...plan.lost, ...outcome.lost]', replace: 'plan.lost' }],
    tests: ['workflows/result'],
  },
  {
    name: 'catching up cannot be switched off',
    bug: null,
    edits: [{ file: 'workflows/result', find: '!catchUp || ', replace: '' }],
    tests: ['workflows/result'],
  },
  {
    name: 'a run that did something remembers to have been quiet',
    bug: null,
    edits: [
      {
        file: 'workflows/result',
        find: "outcome.stopReason === 'nothing-to-do' ? plan.quietSince : null",
        replace: 'plan.quietSince',
      },
    ],
    tests: ['workflows/result'],
  },
];
