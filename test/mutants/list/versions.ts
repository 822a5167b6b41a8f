import type { Mutant } from '../mutant.js';

const CONTRACT = ['mongodb/driver-sink'];

/** Other orders of versions, deletes that leave nothing, ids of several fields, change events. */
export const VERSION_MUTANTS: readonly Mutant[] = [
  {
    name: 'a hard delete removes whatever is stored',
    bug: null,
    edits: [
      {
        file: 'mongodb/merge',
        find: 'q: { _id: { $in: ids }, $expr: { $let: { vars, in: isNewer } } }',
        replace: 'q: { _id: { $in: ids } }',
      },
    ],
    tests: CONTRACT,
    only: 'leave a document that is newer',
    servers: true,
  },
  {
    name: 'hard deletes are accepted with versions that nothing remembers',
    bug: null,
    edits: [
      {
        file: 'config/record-rules',
        find: "else if (written.version !== undefined && written.version !== 'offset')",
        replace: 'else if (false)',
      },
    ],
    tests: ['config/record-mistakes'],
  },
  {
    name: 'hard deletes are accepted with ids that are spread over partitions',
    bug: null,
    edits: [
      {
        file: 'config/record-rules',
        find: "envelope === 'debezium' ? fieldsOfValue(documentId) : null",
        replace: 'null',
      },
    ],
    tests: ['config/record-mistakes'],
  },
  {
    name: 'a transform may change the id that delete events bring untransformed',
    bug: null,
    edits: [
      {
        file: 'config/record-rules',
        find: "ofValue === null || deletes === 'ignore'",
        replace: "ofValue === null || deletes !== 'hard'",
      },
    ],
    tests: ['config/transform'],
  },
  {
    name: 'a declared version is stored but not compared by the guard',
    bug: null,
    edits: [
      {
        file: 'mongodb/merge',
        find: "['epoch', 'version', 'timestamp', 'partition', 'offset']",
        replace: "['epoch', 'timestamp', 'partition', 'offset']",
      },
    ],
    tests: CONTRACT,
    only: 'declared',
    servers: true,
  },
  {
    name: 'a declared version decides in the database alone, not within a batch',
    bug: null,
    edits: [
      {
        file: 'drain/write-newest',
        find: 'coalesce(models, order)',
        replace: "coalesce(models, 'offset')",
      },
    ],
    tests: ['drain/write-batch-versions'],
  },
  {
    name: 'texts are compared as JavaScript does',
    bug: null,
    edits: [
      {
        file: 'mongodb/version-values',
        find: 'Buffer.compare(Buffer.from(a), Buffer.from(b))',
        replace: 'a < b ? -1 : a > b ? 1 : 0',
      },
    ],
    tests: ['mongodb/version-order'],
    servers: true,
  },
  {
    name: 'a transform that changes a date of the value changes the version',
    bug: null,
    edits: [{ file: 'mongodb/version-values', find: 'new Date(value)', replace: 'value' }],
    tests: ['drain/declared-version'],
  },
  {
    name: 'numbers are compared as floating point',
    bug: null,
    edits: [
      {
        file: 'mongodb/version-values',
        find: 'return compareDecimals(a.toString(), b.toString());',
        replace: 'return Number(a.toString()) - Number(b.toString());',
      },
    ],
    tests: ['mongodb/version-order'],
    servers: true,
  },
  {
    name: 'an id of several fields follows the order of the value',
    bug: null,
    edits: [
      {
        file: 'drain/document-id',
        find: 'for (const name of names) {',
        replace: 'for (const name of Object.keys(fields).filter((field) => names.includes(field))) {',
      },
    ],
    tests: ['drain/composite-id'],
  },
  {
    name: 'an _id of the same bytes as the document id is taken for another',
    bug: null,
    edits: [
      {
        file: 'mongodb/values',
        find: '`x0:${',
        replace: '`y0:${',
      },
    ],
    tests: ['drain/document-id'],
  },
  {
    name: 'integers beyond 2^53 in a whole key are refused although they are to be kept',
    bug: null,
    edits: [
      {
        file: 'drain/decode-key',
        find: '?? parseJsonKey(text, largeIntegers)',
        replace: "?? parseJsonKey(text, 'reject')",
      },
    ],
    tests: ['drain/large-integers'],
  },
  {
    name: 'ids beyond 2^53 are matched as floating point',
    bug: null,
    edits: [{ file: 'mongodb/documents', find: '`n:${String(id)}`', replace: '`n:${Number(id)}`' }],
    tests: ['mongodb/id-index'],
  },
  {
    name: 'ids of one hash are coalesced',
    bug: null,
    edits: [{ file: 'drain/coalesce', find: 'isSameId(known, model)', replace: 'true' }],
    tests: ['drain/coalesce'],
  },
  {
    name: 'documents of another epoch get the one before',
    bug: null,
    edits: [
      {
        file: 'mongodb/reserved-field',
        find: 'last.partition !== partition || last.epoch !== epoch',
        replace: 'last.partition !== partition',
      },
    ],
    tests: ['mongodb/raw-documents'],
  },
  {
    name: 'ids of one hash are taken for one another',
    bug: null,
    edits: [
      {
        file: 'mongodb/model-ids',
        find: 'isAsLong && isAscii(bytes, from, end) && isText(bytes, from, id)',
        replace: 'isAsLong && isAscii(bytes, from, end)',
      },
    ],
    tests: ['mongodb/id-index'],
  },
  {
    name: 'a change event without the document becomes an empty document',
    bug: null,
    edits: [
      {
        file: 'drain/envelope',
        find: 'if (after === undefined || after === null) {',
        replace:
          "if (after === null) return { kind: 'upsert', fields: {}, source };\n    if (after === undefined) {",
      },
    ],
    tests: ['drain/envelope'],
  },
  {
    name: 'the tombstone that follows a delete event is passed over',
    bug: null,
    edits: [
      {
        file: 'drain/operation',
        find: "if (connector === 'ambiguous' || context.skipsDeletes)",
        replace: 'if (true)',
      },
    ],
    tests: ['drain/envelope'],
  },
  {
    name: 'a tombstone whose key is a text in quotes deletes the text without them',
    bug: null,
    edits: [
      {
        file: 'drain/key-fields',
        find: 'OWN_NOTATION.test(text)',
        replace: "OWN_NOTATION.test(text) || text.startsWith('\"')",
      },
    ],
    tests: ['drain/envelope'],
  },
  {
    name: 'positions in the source are compared as texts',
    bug: null,
    edits: [
      {
        file: 'drain/source-position',
        find: '/^\\d{1,34}$/.test(value) ? toVersionValue(BigInt(value)) : null',
        replace: 'value',
      },
    ],
    tests: ['drain/declared-version'],
  },
  {
    name: 'rows of an incremental snapshot are placed by the position of another change',
    bug: null,
    edits: [
      {
        file: 'drain/source-position',
        find: "source['snapshot'] === 'incremental' ? BEFORE_ALL : read(source)",
        replace: 'read(source)',
      },
    ],
    tests: ['drain/declared-version'],
  },
  {
    name: 'whole doubles of extended JSON become integers',
    bug: null,
    edits: [{ file: 'mongodb/extended-json', find: 'new Double(value)', replace: 'value' }],
    tests: ['mongodb/extended-json'],
  },
  {
    name: 'what stands beside a form of extended JSON is lost',
    bug: null,
    edits: [{ file: 'mongodb/extended-forms', find: 'others.length === 0', replace: 'true' }],
    tests: ['mongodb/extended-json'],
  },
  {
    name: 'all dates are one id',
    bug: null,
    edits: [{ file: 'mongodb/values', find: '`d:${String(value.getTime())}`', replace: '`d:`' }],
    tests: ['drain/mongodb-ids'],
  },
  {
    name: 'a changed version rule goes on in the same epoch',
    bug: null,
    edits: [{ file: 'drain/version-rule', find: 'before === null || before === rule', replace: 'true' }],
    tests: ['drain/planning-refusals', 'drain/ledger-opening'],
  },
  {
    name: 'commits do not say by which version rule they were made',
    bug: null,
    edits: [{ file: 'drain/commit-mark', find: '(rule !== null && { rule })', replace: '({})' }],
    tests: ['drain/commit-mark'],
  },
];
