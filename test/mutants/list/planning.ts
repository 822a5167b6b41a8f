import type { Mutant } from '../mutant.js';

/** What a run plans to read, and what it refuses to. */
export const PLANNING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a committed offset that retention has passed goes to the end of the log',
    bug: 'jump to latest on out-of-range',
    edits: [
      {
        file: 'drain/offset-checks',
        find: "if (rules.onDataLoss === 'skip')",
        replace: 'if (true) return { start: state.end, lost: [] }; if (false)',
      },
    ],
    tests: ['drain/planning-refusals', 'drain/ledger-opening'],
  },
  {
    name: 'records that expired unread are skipped without being asked',
    bug: null,
    edits: [{ file: 'drain/offset-checks', find: "if (rules.onDataLoss === 'skip')", replace: 'if (true)' }],
    tests: ['drain/planning-refusals'],
  },
  {
    name: 'a committed offset beyond the end is taken as it is',
    bug: null,
    edits: [{ file: 'drain/offset-checks', find: 'if (offset > state.end)', replace: 'if (false)' }],
    tests: ['drain/planning-refusals'],
  },
  {
    name: 'nothing to do where no record is left, though a start is not committed',
    bug: null,
    edits: [
      {
        file: 'drain/planning',
        find: 'lagBefore === 0 && partitions.every(({ committed, start }) => committed === start)',
        replace: 'lagBefore === 0',
      },
    ],
    tests: ['drain/planning-quiet'],
  },
  {
    name: 'a quiet group never recommits, until its offsets expire',
    bug: null,
    edits: [{ file: 'drain/planning', find: ' < RECOMMIT_AFTER_MS', replace: ' < Infinity' }],
    tests: ['drain/planning-quiet'],
  },
  {
    name: 'start policy latest begins at the low watermark',
    bug: null,
    edits: [{ file: 'drain/starts', find: 'return state.end;', replace: 'return state.low;' }],
    tests: ['drain/planning-starts'],
  },
  {
    name: 'partitions added later begin where the start policy says',
    bug: null,
    edits: [{ file: 'drain/starts', find: 'return isAdded(input, memory, state)', replace: 'return false' }],
    tests: ['drain/planning-starts'],
  },
  {
    name: 'offsets that expired begin anew in place of where the previous run ended',
    bug: null,
    edits: [
      {
        file: 'drain/starts',
        find: 'if (remembered !== null)\n        return resumeAt',
        replace: 'if (false)\n        return resumeAt',
      },
    ],
    tests: ['drain/planning-continuity'],
  },
  {
    name: 'a log that has become shorter is not noticed',
    bug: null,
    edits: [{ file: 'drain/planning', find: 'state.end < known.end', replace: 'false' }],
    tests: ['drain/planning-refusals'],
  },
  {
    name: 'a topic that came to match the pattern begins by the start policy',
    bug: null,
    edits: [
      {
        file: 'drain/starts',
        find: 'return before !== null &&',
        replace: 'return false &&',
      },
    ],
    tests: ['drain/planning-topics'],
  },
  {
    name: 'a topic that only a changed pattern matches is taken for one created since',
    bug: null,
    edits: [
      {
        file: 'drain/starts',
        find: 'return before !== null && topicMatcher(before)(topic);',
        replace: 'return true;',
      },
    ],
    tests: ['drain/planning-topics'],
  },
  {
    name: 'start policy fail does not hold where nothing tells whether a topic is new',
    bug: null,
    edits: [{ file: 'drain/starts', find: "pipeline.start !== 'fail' &&", replace: '' }],
    tests: ['drain/planning-topics'],
  },
  {
    name: 'of many partitions those without a commit are forgotten, and new to the next run',
    bug: null,
    edits: [
      {
        file: 'unlisted',
        find: 'return added === true ? NOTHING_YET_IN_NEW : NOTHING;',
        replace: "return '';",
      },
    ],
    tests: ['drain/planning-stopped'],
  },
  {
    name: 'a new partition in which a stopped run committed nothing is no longer new',
    bug: null,
    edits: [{ file: 'drain/starts', find: 'return known.added;', replace: 'return false;' }],
    tests: ['drain/planning-stopped'],
  },
  {
    name: 'a topic that is gone is forgotten',
    bug: null,
    edits: [{ file: 'drain/planning', find: '...(memory?.gone ?? [])', replace: '' }],
    tests: ['drain/planning-topics'],
  },
  {
    name: 'topics that are gone are remembered without end',
    bug: null,
    edits: [{ file: 'drain/memory', find: 'missing.slice(0, MAX_GONE)', replace: 'missing' }],
    tests: ['drain/planning-gone'],
  },
  {
    name: "a topic is written to another pipeline's collection",
    bug: null,
    edits: [
      { file: 'drain/topic-collections', find: ' ?? neighboursFault(place, collection, there)', replace: '' },
    ],
    tests: ['drain/planning-collections'],
  },
  {
    name: 'a pattern owns the collections of topics that are not there',
    bug: null,
    edits: [{ file: 'drain/neighbours', find: 'there.has(topic) &&', replace: '' }],
    tests: ['drain/planning-collections'],
  },
  {
    name: 'a collection with a name too long for MongoDB is planned',
    bug: null,
    edits: [{ file: 'drain/topic-collections', find: 'bytes <= MAX_NAMESPACE_BYTES', replace: 'true' }],
    tests: ['drain/planning-collections'],
  },
  {
    name: 'a topic that was deleted and recreated is not noticed',
    bug: null,
    edits: [
      {
        file: 'drain/memory',
        find: 'before === null ||',
        replace: 'true ||',
      },
    ],
    tests: ['drain/planning-refusals'],
  },
  {
    name: 'commits of an earlier epoch still count',
    bug: null,
    edits: [
      {
        file: 'drain/offset-checks',
        find: 'mark !== null && mark.epoch < rules.epoch ? null : state.committed',
        replace: 'state.committed',
      },
    ],
    tests: ['drain/planning-starts', 'drain/ledger-opening'],
  },
  {
    name: 'offsets that somebody else moved are called continuous',
    bug: null,
    edits: [
      {
        file: 'drain/planning',
        find: "{ continuity: 'gap', warning: {",
        replace: "{ continuity: 'continuous', warning: {",
      },
    ],
    tests: ['drain/planning-continuity'],
  },
  {
    name: 'a commit time from the future puts the recommit off',
    bug: null,
    edits: [
      {
        file: 'drain/planning',
        find: 'known.filter((time) => Date.parse(time) <= now.getTime())',
        replace: 'known',
      },
    ],
    tests: ['drain/planning-quiet'],
  },
  {
    name: 'a start by timestamp may lie before the log',
    bug: null,
    edits: [{ file: 'drain/starts', find: 'if (offset < low)\n        return low;', replace: '' }],
    tests: ['drain/planning-starts'],
  },
];
