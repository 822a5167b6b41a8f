import type { Mutant } from '../mutant.js';

/** Where reading begins and how far it goes. */
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
        find: 'let nextOffset = BigInt(batch.lastOffset()) + 1n;',
        replace: 'let nextOffset = BigInt(messages.at(-1)?.offset ?? -1n) + 1n;',
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
        file: 'kafka/batch-decoder',
        find: 'firstOffset + BigInt(stretch.lastOffsetDelta)',
        replace: 'firstOffset + BigInt(Math.max(0, count - 1))',
      },
    ],
    tests: ['kafka/decode-patch'],
  },
  {
    name: 'batches are taken without a look at their checksums',
    bug: null,
    edits: [{ file: 'kafka/batch-decoder', find: '|| checksumOf(', replace: '|| false && checksumOf(' }],
    tests: ['kafka/batch-decoder'],
  },
  {
    name: 'a damaged batch is taken for one that is not wanted',
    bug: null,
    edits: [{ file: 'kafka/batch-decoder', find: 'offset: LAST_OFFSET,', replace: 'offset: begin,' }],
    tests: ['kafka/decode-patch', 'kafka/batch-decoder'],
  },
  {
    name: 'all of a partition is decompressed, however much it is',
    bug: null,
    edits: [{ file: 'kafka/decode-patch', find: 'bytes < limits.partition && ', replace: '' }],
    tests: ['kafka/decode-patch'],
  },
  {
    name: 'partitions that a response has no room for are fetched again at the same size for ever',
    bug: null,
    edits: [{ file: 'kafka/decode-patch', find: 'response.left += size;', replace: '' }],
    tests: ['kafka/decode-patch'],
  },
  {
    name: "a response's memory is used again while a batch of it is still to be handled",
    bug: null,
    edits: [
      {
        file: 'kafka/response-memory',
        find: 'if (users.size > 0)',
        replace: 'if (false)',
      },
    ],
    tests: ['kafka/response-memory', 'kafka/member'],
  },
  {
    name: "a response's memory is used again while a batch of it is being handled",
    bug: null,
    edits: [
      { file: 'kafka/member', find: 'fetch.done(batch);', replace: '' },
      {
        file: 'kafka/member',
        find: 'const handled = await callHandle(state, batch);',
        replace: 'fetch.done(batch);const handled = await callHandle(state, batch);',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: "a response's memory is given back twice",
    bug: null,
    edits: [{ file: 'spare-buffers', find: '!lent.delete(memory) || ', replace: '' }],
    tests: ['kafka/response-memory'],
  },
  {
    name: 'a value that a transform keeps changes with the next fetch',
    bug: null,
    edits: [
      {
        file: 'drain/operation',
        find: 'transform === null ? bytes : Buffer.from(bytes)',
        replace: 'bytes',
      },
    ],
    tests: ['drain/write-batch-transforms'],
  },
  {
    name: 'records before the position are handled once more',
    bug: null,
    edits: [{ file: 'kafka/record-reader', find: 'if (record.offsetDelta >= least)', replace: 'if (true)' }],
    tests: ['kafka/batch-decoder'],
  },
  {
    name: 'the position moves behind records of a fetch that were left for the next one',
    bug: null,
    edits: [{ file: 'kafka/record-batch', find: 'nextOffset = readTo;', replace: ';' }],
    tests: ['kafka/record-batch'],
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
        find: 'committed === null || lost.length > 0 || recommit',
        replace: 'lost.length > 0 || recommit',
      },
    ],
    tests: ['drain/ledger-opening', 'drain/ledger'],
  },
  {
    name: 'a topic recreated between plan and drain is not noticed',
    bug: null,
    edits: [{ file: 'drain/ledger', find: 'topicId === current)', replace: 'true)' }],
    tests: ['drain/ledger-opening'],
  },
  {
    name: 'a partition at its end is read on',
    bug: null,
    edits: [{ file: 'drain/handle', find: 'done: end !== null && offset >= end', replace: 'done: false' }],
    tests: ['drain/handle'],
  },
  {
    name: 'a batch of a finished partition is written again',
    bug: null,
    edits: [{ file: 'drain/handle', find: 'if (ledger.isDone(batch.partition))', replace: 'if (false)' }],
    tests: ['drain/handle'],
  },
  {
    name: 'what is fetched while joining is handed out',
    bug: null,
    edits: [{ file: 'kafka/member', find: 'if (state.joining) {', replace: 'if (false) {' }],
    tests: ['kafka/member'],
  },
  {
    name: 'the source does not commit starts',
    bug: null,
    edits: [{ file: 'kafka/member', find: 'if (starts.length > 0)', replace: 'if (false)' }],
    tests: ['kafka/source'],
    only: 'a start is committed',
    servers: true,
  },
];
