import type { Mutant } from '../mutant.js';

const REPLACE_IF_NEWER = "{ $cond: [isNewer, '$$next', '$$ROOT'] }";
const SAME_PARTITION = "{ $eq: ['$_kafka.partition', '$$next._kafka.partition'] },";
const SAME_EPOCH = "{ $eq: ['$_kafka.epoch', '$$next._kafka.epoch'] },";
const CONTRACT = ['mongodb/driver-sink'];
const LOOK = ['mongodb/look'];

/** Which of two versions stays. */
export const GUARD_MUTANTS: readonly Mutant[] = [
  {
    name: 'the newest arrival replaces whatever is stored',
    bug: 'unguarded replace',
    edits: [{ file: 'mongodb/merge', find: REPLACE_IF_NEWER, replace: "'$$next'" }],
    tests: CONTRACT,
    only: 'older|newer|replayed',
    servers: true,
  },
  {
    // Looks the stored versions up, decides, and then replaces without a condition: right, but for other writers in between.
    name: 'the guard is in the client alone',
    bug: 'unguarded replace',
    edits: [
      { file: 'mongodb/merge', find: REPLACE_IF_NEWER, replace: "'$$next'" },
      {
        file: 'mongodb/write',
        find: 'before === null || before.unchanged > LOOK_FIRST_ABOVE',
        replace: 'true',
      },
    ],
    tests: ['mongodb/concurrency'],
    only: 'seed 11',
    servers: true,
  },
  {
    name: 'a look takes what is older for newer',
    bug: null,
    edits: [
      {
        file: 'mongodb/look',
        find: "kind === 'delete' ? newer >= 0 : newer > 0",
        replace: "kind === 'delete' ? newer <= 0 : newer < 0",
      },
    ],
    tests: LOOK,
    servers: true,
  },
  {
    name: 'a look at an equal version does, whatever became of the document',
    bug: null,
    edits: [
      {
        file: 'mongodb/look',
        find: "kind === 'delete' ? newer >= 0 : newer > 0",
        replace: 'newer >= 0',
      },
    ],
    tests: LOOK,
    servers: true,
  },
  {
    name: 'a look compares no fields',
    bug: null,
    edits: [{ file: 'mongodb/look', find: 'upsert.buffer.compare(', replace: '0 && upsert.buffer.compare(' }],
    tests: ['mongodb/look-raw'],
    servers: true,
  },
  {
    name: 'a look compares no version',
    bug: null,
    edits: [{ file: 'mongodb/look', find: 'isThere(writer, bytes, reservedAt) &&', replace: 'true &&' }],
    tests: ['mongodb/look-raw'],
    servers: true,
  },
  {
    name: 'a look believes what may be rolled back',
    bug: null,
    edits: [{ file: 'mongodb/look', find: "{ readConcern: { level: 'majority' } }", replace: '{}' }],
    tests: LOOK,
    servers: true,
  },
  {
    name: 'an equal version is not written again',
    bug: null,
    edits: [
      {
        file: 'mongodb/merge',
        find: "forEachOrder((order) => termsOf(pipelineWith(IS_NEWER[order]('$lte'))))",
        replace: "forEachOrder((order) => termsOf(pipelineWith(IS_NEWER[order]('$lt'))))",
      },
    ],
    tests: CONTRACT,
    only: 'replayed',
    servers: true,
  },
  {
    name: 'a replayed tombstone puts its purge off',
    bug: null,
    edits: [
      {
        file: 'mongodb/merge',
        find: "forEachOrder((order) => termsOf(pipelineWith(IS_NEWER[order]('$lt'))))",
        replace: "forEachOrder((order) => termsOf(pipelineWith(IS_NEWER[order]('$lte'))))",
      },
    ],
    tests: CONTRACT,
    only: 'tombstone',
    servers: true,
  },
  {
    name: 'the guard ignores the partition',
    bug: null,
    edits: [{ file: 'mongodb/merge', find: SAME_PARTITION, replace: '' }],
    tests: CONTRACT,
    only: 'partition',
    servers: true,
  },
  {
    name: 'the guard ignores the epoch in one partition',
    bug: null,
    edits: [{ file: 'mongodb/merge', find: SAME_EPOCH, replace: '' }],
    tests: CONTRACT,
    only: 'epoch',
    servers: true,
  },
  {
    name: 'the guard ignores the epoch altogether',
    bug: null,
    edits: [
      { file: 'mongodb/merge', find: SAME_EPOCH, replace: '' },
      {
        file: 'mongodb/merge',
        find: "inOrderOf(['epoch', 'timestamp', 'partition'], '$lte')",
        replace: "inOrderOf(['timestamp', 'partition'], '$lte')",
      },
    ],
    tests: CONTRACT,
    only: 'epoch',
    servers: true,
  },
  {
    name: 'across partitions arrival decides, not the timestamp',
    bug: null,
    edits: [
      {
        file: 'mongodb/merge',
        find: '{ [comparison]: OFFSETS }, NOT_OLDER_THAN_OTHER_LOG]',
        replace: '{ [comparison]: OFFSETS }, true]',
      },
    ],
    tests: CONTRACT,
    only: 'partition',
    servers: true,
  },
  {
    name: 'offsets are stored as floating point',
    bug: null,
    edits: [
      {
        file: 'mongodb/documents',
        find: 'const { partition, offset, epoch } = version;',
        replace: 'const { partition, epoch } = version; const offset = Number(version.offset);',
      },
    ],
    tests: CONTRACT,
    only: 'offset',
    servers: true,
  },
  {
    // Our tombstones stay as documents; the bug is a delete command, guarded by the version as well as it can be.
    name: 'a tombstone removes the document',
    bug: 'hard delete',
    edits: [
      {
        file: 'mongodb/steps',
        find: "await commands.run('update', { updates }, signal);\n    if (reply === null)\n        return failed(statements.flat(), fault);",
        replace: `statements[0]?.[0]?.model.kind !== 'delete'
        ? await commands.run('update', { updates }, signal)
        : await commands.run('delete', { deletes: statements.flat().map(({ model }) => ({
            q: { _id: model.id, '_kafka.offset': { $lte: model.version.offset } }, limit: 1 })) }, signal)
            .then((answer) => ({ ...answer, reply: { n: statements.flat().length, nModified: answer.reply?.n } }));
    if (reply === null)
        return failed(statements.flat(), fault);`,
      },
    ],
    tests: CONTRACT,
    only: 'tombstone|deleted',
    servers: true,
  },
  {
    name: 'a tombstone of an id that was never stored leaves nothing',
    bug: 'hard delete',
    edits: [
      {
        file: 'mongodb/settle',
        find: 'if (missing.length > 0)\n        sent.push(insert(commands, missing, tally, signal));',
        replace: `const upserts = missing.filter(({ model }) => model.kind === 'upsert');
    tally.inserted.delete += missing.length - upserts.length;
    if (upserts.length > 0)
        sent.push(insert(commands, upserts, tally, signal));`,
      },
    ],
    tests: CONTRACT,
    only: 'tombstone|deleted',
    servers: true,
  },
  {
    name: 'tombstones are ignored',
    bug: null,
    edits: [
      {
        file: 'drain/operation',
        find: "skipsDeletes: rules.deletes === 'ignore' || ",
        replace: 'skipsDeletes: true || ',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'an empty value is taken for a tombstone',
    bug: null,
    edits: [{ file: 'drain/operation', find: 'if (bytes === null)', replace: 'if (!bytes?.length)' }],
    tests: ['drain/operation'],
  },
  {
    name: 'a newer offset of the same partition can be older by its timestamp',
    bug: null,
    edits: [
      {
        file: 'mongodb/version-order',
        find: "if (order === 'offset' && a.partition === b.partition)",
        replace: "if (order === 'offset' && a.partition === b.partition && a.timestampMs === b.timestampMs)",
      },
    ],
    tests: ['drain/version'],
  },
  {
    name: 'tombstones of a later attempt are purged later',
    bug: null,
    edits: [
      { file: 'drain/attempt', find: 'Date.parse(plan.plannedAt)', replace: 'deps.wallClock().getTime()' },
    ],
    tests: ['drain/drain'],
  },
];
