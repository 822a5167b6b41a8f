import type { Mutant } from '../mutant.js';

/** Where reading begins, how far it goes, and what is planned. */
export const OFFSET_MUTANTS: readonly Mutant[] = [
  {
    // Unpatched, kafkajs goes to the newest record by itself.
    name: "kafkajs's own way out of an offset that is gone is left in place",
    bug: 'jump to latest on out-of-range',
    edits: [
      {
        file: 'kafka/patched-kafkajs',
        find: 'prototype.recoverFromOffsetOutOfRange = function',
        replace: 'const _unused = function',
      },
    ],
    tests: ['kafka/out-of-range'],
    only: 'a committed offset behind the log',
    servers: true,
  },
  {
    name: 'a member whose group has no commit begins at the beginning',
    bug: 'jump to latest on out-of-range',
    edits: [
      {
        file: 'kafka/positions',
        find: 'if (offset === null) {',
        replace: 'if (offset === null) return 0n; if (false) {',
      },
    ],
    tests: ['kafka/positions'],
  },
  {
    name: 'a committed offset that retention has passed goes to the end of the log',
    bug: 'jump to latest on out-of-range',
    edits: [
      {
        file: 'drain/offset-checks',
        find: "if (rules.onDataLoss === 'skip')",
        replace: 'if (true) return { start: state.end, lost: null }; if (false)',
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
    name: 'a start is committed over what another member has committed meanwhile',
    bug: null,
    edits: [
      {
        file: 'kafka/positions',
        find: 'start !== null && current === start.replaces',
        replace: 'start !== null',
      },
    ],
    tests: ['kafka/positions'],
  },
  {
    name: 'the end of the plan is only looked for behind visible records',
    bug: null,
    edits: [
      {
        file: 'drain/handle',
        find: 'cut.records[handled]?.offset ?? cut.nextOffset',
        replace:
          'cut.records[handled]?.offset ?? (cut.records.length > 0 ? cut.records.at(-1).offset + 1n : cut.nextOffset)',
      },
    ],
    tests: ['drain/handle'],
  },
  {
    name: 'a fetched batch ends at its last visible record',
    bug: null,
    edits: [
      {
        file: 'kafka/record-batch',
        find: 'nextOffset: BigInt(lastOffset) + 1n',
        replace: 'nextOffset: BigInt(messages.at(-1)?.offset ?? lastOffset) + 1n',
      },
    ],
    tests: ['kafka/patched-kafkajs'],
  },
  {
    name: 'batches of nothing but control records are not handed out',
    bug: null,
    edits: [
      {
        file: 'kafka/patched-kafkajs',
        find: 'return this.rawMessages.length === 0;',
        replace: 'return this.messages.length === 0;',
      },
    ],
    tests: ['kafka/patched-kafkajs'],
  },
  {
    name: 'an empty shell that the log cleaner left is not passed',
    bug: null,
    edits: [
      {
        file: 'kafka/decode-patch',
        find: 'if (batch.records.at(-1)?.offset !== lastOffset)',
        replace: 'if (false)',
      },
    ],
    tests: ['kafka/decode-patch'],
  },
  {
    name: 'records of aborted transactions are shown',
    bug: null,
    edits: [{ file: 'kafka/decode-patch', find: 'if (aborted.length > 0)', replace: 'if (false)' }],
    tests: ['kafka/decode-patch'],
  },
  {
    name: 'records behind the end of the plan are written, too',
    bug: null,
    edits: [{ file: 'drain/cut', find: 'end === null || batch.nextOffset <= end', replace: 'true' }],
    tests: ['drain/cut'],
  },
  {
    name: 'maxRecords is exceeded by what is in hand',
    bug: null,
    edits: [
      { file: 'drain/cut', find: 'const next = batch.records[left];', replace: 'const next = undefined;' },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'with maxRecords several batches count at the same time',
    bug: null,
    edits: [
      {
        file: 'drain/attempt',
        find: 'pipeline.limits.maxRecords === null ? handle : oneAtATime(handle)',
        replace: 'handle',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'records that earlier attempts have read do not count for maxRecords',
    bug: null,
    edits: [
      {
        file: 'drain/attempt',
        find: 'createRoom(pipeline.limits.maxRecords, () => ledger.totals().counts.read)',
        replace: 'createRoom(pipeline.limits.maxRecords, () => ledger.totals().counts.read - readBefore)',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'a start that nobody has committed yet is not committed',
    bug: null,
    edits: [
      {
        file: 'drain/ledger',
        find: 'committed === null || lost !== null || recommit',
        replace: 'lost !== null || recommit',
      },
    ],
    tests: ['drain/ledger-opening', 'drain/ledger'],
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
    edits: [{ file: 'drain/planning', find: 'return state.end;', replace: 'return state.low;' }],
    tests: ['drain/planning-starts'],
  },
  {
    name: 'partitions added later begin where the start policy says',
    bug: null,
    edits: [
      { file: 'drain/planning', find: 'if (isAdded(input, memory, state)) {', replace: 'if (false) {' },
    ],
    tests: ['drain/planning-starts'],
  },
  {
    name: 'offsets that expired begin anew in place of where the previous run ended',
    bug: null,
    edits: [
      {
        file: 'drain/planning',
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
    name: 'a topic that was deleted and recreated is not noticed',
    bug: null,
    edits: [
      {
        file: 'drain/planning',
        find: 'previous.topicId === null ||',
        replace: 'true ||',
      },
    ],
    tests: ['drain/planning-refusals'],
  },
  {
    name: 'a topic recreated between plan and drain is not noticed',
    bug: null,
    edits: [{ file: 'drain/ledger', find: 'if (plan.topicId !== state.topicId)', replace: 'if (false)' }],
    tests: ['drain/ledger-opening'],
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
];
