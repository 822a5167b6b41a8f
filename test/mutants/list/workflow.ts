import type { Mutant } from '../mutant.js';

/** The run as a workflow, and the activities it calls beside the drain. */
export const WORKFLOW_MUTANTS: readonly Mutant[] = [
  {
    name: 'a run that is stopped loses its partial result',
    bug: null,
    edits: [
      {
        file: 'workflows/run-drain',
        find: "cancellationType: 'WAIT_CANCELLATION_COMPLETED'",
        replace: "cancellationType: 'TRY_CANCEL'",
      },
      {
        file: 'workflows/run-drain',
        find: 'await CancellationScope.nonCancellable(() => settleDrain(input))',
        replace: "untouched(plan, 'stopped')",
      },
    ],
    tests: ['end-to-end/run-life/stop-reasons'],
    only: 'stopped by',
    servers: true,
  },
  {
    name: 'a run that is stopped between two attempts says that nothing was done',
    bug: null,
    edits: [
      {
        file: 'workflows/run-drain',
        find: 'await CancellationScope.nonCancellable(() => settleDrain(input))',
        replace: "untouched(plan, 'stopped')",
      },
    ],
    tests: ['end-to-end/run-life/failures'],
    only: 'between two attempts',
    servers: true,
  },
  {
    name: 'a drain is started although there is nothing to do',
    bug: null,
    edits: [{ file: 'workflows/run-drain', find: 'if (plan.nothingToDo)', replace: 'if (false)' }],
    tests: ['end-to-end/run-life/stop-reasons'],
    only: 'nothing-to-do',
    servers: true,
  },
  {
    name: 'a run knows nothing of the one before',
    bug: null,
    edits: [{ file: 'workflows/run-drain', find: 'if (last === undefined ||', replace: 'if (true ||' }],
    tests: ['end-to-end/planning/continuity'],
    only: 'skipped ahead',
    servers: true,
  },
  {
    name: 'no run follows at once where the budget was too short',
    bug: null,
    edits: [
      { file: 'workflows/run-drain', find: 'if (shouldCatchUp(plan, outcome))', replace: 'if (false)' },
    ],
    tests: ['end-to-end/overlap'],
    only: 'triggers the next one',
    servers: true,
  },
  {
    name: 'a run follows although the schedule is paused',
    bug: null,
    edits: [{ file: 'activities/trigger-catch-up', find: '!state.paused && ', replace: '' }],
    tests: ['end-to-end/overlap'],
    only: 'until everything is drained|while the schedule is paused',
    servers: true,
  },
  {
    name: 'a worker with other rules finishes a plan',
    bug: null,
    edits: [
      {
        file: 'activities/pipeline',
        find: 'if (pipeline.fingerprint === plan.fingerprint)',
        replace: 'if (true)',
      },
    ],
    tests: ['end-to-end/run-life/workers'],
    only: 'with other rules',
    servers: true,
  },
];
