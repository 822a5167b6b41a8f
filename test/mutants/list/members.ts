import type { Mutant } from '../mutant.js';

/** Several drains of one run. */
export const MEMBER_MUTANTS: readonly Mutant[] = [
  {
    name: 'every member takes the whole plan for its share',
    bug: null,
    edits: [
      {
        file: 'workflows/shares',
        find: 'plan.partitions.filter((planned) => own.has(planned))',
        replace: 'plan.partitions.filter(() => own)',
      },
    ],
    tests: ['workflows/members'],
  },
  {
    name: 'a run is drained although one of its members ran out of time',
    bug: null,
    edits: [
      {
        file: 'workflows/members',
        find: 'PRECEDENCE.find(',
        replace: '[...PRECEDENCE].reverse().find(',
      },
    ],
    tests: ['workflows/members'],
  },
  {
    name: "a member counts the others' lag as its own",
    bug: null,
    edits: [
      {
        file: 'drain/outcome',
        find: 'if (plan.members === undefined)',
        replace: 'if (plan)',
      },
    ],
    tests: ['drain/drain'],
  },
  {
    name: 'members join before all starts of a first run are committed together',
    bug: null,
    edits: [
      {
        file: 'drain/members',
        find: 'if (mustStartTogether(rules, partitions))',
        replace: 'if (rules === partitions)',
      },
    ],
    tests: ['drain/planning-members'],
  },
  {
    name: 'a run whose member failed is a success',
    bug: null,
    edits: [
      {
        file: 'workflows/run-drain',
        find: 'if (ends.every(isDone))',
        replace: 'if (ends.some(isDone))',
      },
      {
        file: 'workflows/run-drain',
        find: 'combined(plan, ends)',
        replace: 'combined(plan, ends.filter(isDone))',
      },
    ],
    tests: ['end-to-end/run-life/members'],
    only: 'fails with its code',
    servers: true,
  },
  {
    name: 'a commit does not hand on what other runs have said of the partition',
    bug: null,
    edits: [{ file: 'drain/ledger', find: 'lost, others };', replace: 'lost, others: [] };' }],
    tests: ['drain/ledger-others'],
  },
  {
    name: "a run's books are looked for in its own commits only",
    bug: null,
    edits: [
      {
        file: 'drain/commit-mark',
        find: 'marks.find((of) => of.run === run)',
        replace: 'marks.slice(0, 1).find((of) => of.run === run)',
      },
    ],
    tests: ['drain/ledger-others'],
  },
];
