import type { Mutant } from '../mutant.js';

/** What becomes of records that can't be written, and whether the books say so. */
export const DEAD_LETTER_MUTANTS: readonly Mutant[] = [
  {
    name: 'a record that the sink refuses is no dead letter',
    bug: null,
    edits: [
      {
        file: 'drain/write-newest',
        find: 'refused.push({ record, stage: stageOf(code), code, reason });',
        replace: '',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'the older version is not written in place of a refused newest',
    bug: null,
    edits: [
      {
        file: 'drain/write-newest',
        find: 'waiting = rejected.flatMap((index) => olderThan(index) ?? []);',
        replace: 'waiting = [];',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'an undecodable record is skipped',
    bug: null,
    edits: [
      { file: 'drain/write-batch', find: 'bad.push({ record, ...operation });', replace: 'skipped += 1;' },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'a record that is not tolerated is passed by a batch that begins before it',
    bug: null,
    edits: [
      {
        file: 'drain/write-batch',
        find: 'throw error;\n        return until(end);',
        replace: 'throw error;\n        return until(records.length);',
      },
    ],
    tests: ['drain/write-batch'],
  },
  {
    name: 'with tolerate none a refused record is dead-lettered',
    bug: null,
    edits: [
      {
        file: 'drain/write-batch',
        find: "pipeline.deadLetters.tolerate === 'none' ? inOrder(written.refused) : []",
        replace: '[]',
      },
    ],
    tests: ['drain/write-batch-bad-records'],
  },
  {
    name: 'a dead letter of the second epoch takes the place of one of the first',
    bug: null,
    edits: [{ file: 'drain/write-batch', find: '@${String(epoch)}|', replace: '|' }],
    tests: ['drain/write-batch-bad-records'],
  },
  {
    name: 'a dead letter loses the bytes of its record',
    bug: null,
    edits: [{ file: 'mongodb/dead-letters', find: 'value: toBinary(value),', replace: 'value: null,' }],
    tests: ['mongodb/dead-letters'],
    only: 'keep every byte',
    servers: true,
  },
  {
    name: 'dead letters that the collection refuses are forgotten',
    bug: null,
    edits: [{ file: 'mongodb/dead-letters', find: 'throw unstorable(commands, cause.reason);', replace: '' }],
    tests: ['mongodb/dead-letters'],
    only: 'a collection that refuses them',
    servers: true,
  },
  {
    name: 'a record that is dead-lettered again ends the attempt',
    bug: null,
    edits: [{ file: 'mongodb/dead-letters', find: 'if (isDuplicateId(error))', replace: 'if (false)' }],
    tests: ['mongodb/driver-sink'],
    only: 'dead letter',
    servers: true,
  },
  {
    name: 'what MongoDB says of a duplicate, with its value, is the reason of the dead letter',
    bug: null,
    edits: [{ file: 'mongodb/errors', find: '/index: (\\S+) dup key/', replace: '/index: (.+)/' }],
    tests: ['mongodb/errors'],
  },
  {
    name: 'coalesced records are not counted',
    bug: null,
    edits: [{ file: 'drain/coalesce', find: 'coalesced += 1;', replace: ';' }],
    tests: ['simulator/simulator'],
  },
  {
    name: 'books of an earlier attempt are not continued',
    bug: null,
    edits: [{ file: 'drain/ledger', find: 'if (own !== null) {', replace: 'if (false) {' }],
    tests: ['simulator/simulator'],
  },
  {
    name: 'books of another run are continued',
    bug: null,
    edits: [
      {
        file: 'drain/commit-mark',
        find: 'marks.find((of) => of.run === run)',
        replace: 'marks.find(() => true)',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'books are continued without the offset they begin at',
    bug: null,
    edits: [{ file: 'drain/ledger', find: 'entry.countedFrom = BigInt(from);', replace: '' }],
    tests: ['simulator/simulator'],
  },
  {
    name: 'a run that was set back goes on counting',
    bug: null,
    edits: [{ file: 'drain/ledger', find: 'beginAgain(entry, offset);', replace: ';' }],
    tests: ['drain/ledger'],
  },
  {
    name: 'the rest of other members is taken from the rest of this one',
    bug: null,
    edits: [
      {
        file: 'drain/stop-rule',
        find: 'now.ownUnfinished.length + now.othersUnfinished.length',
        replace: 'now.ownUnfinished.length - now.othersUnfinished.length',
      },
    ],
    tests: ['drain/stop-rule'],
  },
  {
    name: 'too many bad records are let through',
    bug: null,
    edits: [{ file: 'drain/handle', find: 'if (bad.length === 0)', replace: 'if (bad >= 0)' }],
    tests: ['drain/handle'],
  },
  {
    name: 'dead letters are written before anybody asks how many they are',
    bug: null,
    edits: [{ file: 'drain/write-batch', find: 'tolerate(bad, handled.length);', replace: '' }],
    tests: ['drain/write-batch-bad-records'],
  },
  {
    name: 'books count before their commit is confirmed',
    bug: null,
    edits: [
      {
        file: 'drain/ledger',
        find: 'return contentOf({ ...entry, books: addBooks(entry.books, books) });',
        replace: 'return contentOf(Object.assign(entry, { books: addBooks(entry.books, books) }));',
      },
    ],
    tests: ['drain/ledger'],
  },
  {
    name: 'the lag of the result is that of the plan',
    bug: null,
    edits: [
      {
        file: 'drain/outcome',
        find: 'lagAfter: topics.reduce((sum, { lagAfter }) => sum + lagAfter, 0)',
        replace: 'lagAfter: task.plan.lagBefore',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'the lag of the result counts what is not committed of the plan only',
    bug: null,
    edits: [
      {
        file: 'drain/outcome',
        find: 'lagAfter: topics.reduce((sum, { lagAfter }) => sum + lagAfter, 0)',
        replace: 'lagAfter: ledger.lag()',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'an attempt does not say that it went on where an earlier one ended',
    bug: null,
    edits: [{ file: 'drain/outcome', find: 'resumed: ledger.resumed', replace: 'resumed: false' }],
    tests: ['drain/drain'],
  },
  {
    name: 'a result tells what was committed by itself, not where the group stands',
    bug: null,
    edits: [
      {
        file: 'drain/ledger',
        find: 'const committed = offsetOf(counted);',
        replace: 'const committed = entry.committed;',
      },
    ],
    tests: ['drain/ledger'],
  },
  {
    name: 'dead letters known by decoding are not written',
    bug: null,
    edits: [{ file: 'drain/write-batch', find: 'await writeDeadLetters(deps, bad, signal);', replace: '' }],
    tests: ['drain/write-batch'],
  },
];
