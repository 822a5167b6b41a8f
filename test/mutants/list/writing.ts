import type { Mutant } from '../mutant.js';

/** From a batch to durable documents. */
export const WRITE_MUTANTS: readonly Mutant[] = [
  {
    name: 'an id that another writer has inserted first counts as newer and is left alone',
    bug: 'duplicate-key error read as stale',
    edits: [
      {
        file: 'mongodb/steps',
        find: 'standing.stored.push(item);\n        else',
        replace: ';\n        else',
      },
    ],
    tests: ['mongodb/resend'],
  },
  {
    name: 'a duplicate of any unique index counts as one of _id',
    bug: 'duplicate-key error read as stale',
    edits: [
      {
        file: 'mongodb/errors',
        find: "return names.length === 1 && names[0] === '_id';",
        replace: 'return true;',
      },
    ],
    tests: ['mongodb/errors'],
  },
  {
    name: 'every record of a batch is written on its own',
    bug: 'unordered without coalescing',
    edits: [{ file: 'drain/coalesce', find: 'isSameId(known, model)', replace: 'false' }],
    tests: ['simulator/simulator'],
  },
  {
    name: 'the last arrival of an id is written, not its newest version',
    bug: 'coalescing by arrival instead of version',
    edits: [{ file: 'drain/coalesce', find: 'index, order) > 0)', replace: 'index, order) > 9)' }],
    tests: ['drain/coalesce'],
  },
  {
    // Our commands carry no list of what was applied before the connection broke; believing it would be this.
    name: 'after a network error what was sent counts as inserted',
    bug: 'index of writeErrors trusted after a network error',
    edits: [
      {
        file: 'mongodb/steps',
        find: 'if (reply === null)\n        return failed(items, fault);',
        replace:
          "if (reply === null)\n        return fault.kind === 'outage' ? nothing() : failed(items, fault);",
      },
    ],
    tests: ['mongodb/resend'],
  },
  {
    name: 'after a network error what was sent counts as merged',
    bug: 'index of writeErrors trusted after a network error',
    edits: [
      {
        file: 'mongodb/steps',
        find: 'return failed(statements.flat(), fault);',
        replace: "return fault.kind === 'outage' ? nothing() : failed(statements.flat(), fault);",
      },
    ],
    tests: ['mongodb/resend'],
  },
  {
    name: 'an outage among the write errors of a reply is overlooked',
    bug: 'index of writeErrors trusted after a network error',
    edits: [
      {
        file: 'mongodb/steps',
        find: 'standing.unknown.push(...items);\n        standing.outage = fault.reason;\n    }\n}\n/** The whole',
        replace: '}\n}\n/** The whole',
      },
    ],
    tests: ['mongodb/resend'],
  },
  {
    name: 'a connection that breaks is the fault of a record',
    bug: 'dead-letter on network error',
    edits: [
      {
        file: 'mongodb/errors',
        find: "{ kind: 'outage', reason } : null;",
        replace: "{ kind: 'content', code: 'WRITE_REFUSED', reason, certain: true } : null;",
      },
    ],
    tests: ['mongodb/errors'],
  },
  {
    name: 'an election is the fault of a record',
    bug: 'dead-letter on network error',
    edits: [{ file: 'mongodb/errors', find: 'if (OUTAGE_CODES.has(code))', replace: 'if (false)' }],
    tests: ['mongodb/errors'],
  },
  {
    name: 'an error of unknown meaning is blamed on the record at once',
    bug: 'dead-letter on network error',
    edits: [
      { file: 'mongodb/settle', find: "(fault.certain || grain === 'alone')", replace: 'true' },
      { file: 'mongodb/settle', find: "if (grain === 'alone')\n", replace: 'if (false)\n' },
    ],
    tests: ['mongodb/faults'],
    only: 'every write refused',
    servers: true,
  },
  {
    name: 'dead letters of undecodable records are not waited for',
    bug: 'dead letters after commit',
    edits: [
      {
        file: 'drain/write-batch',
        find: 'await writeDeadLetters(deps, bad, signal);',
        replace: 'void writeDeadLetters(deps, bad, signal).catch(() => undefined);',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'dead letters of refused records are not waited for',
    bug: 'dead letters after commit',
    edits: [
      {
        file: 'drain/write-batch',
        find: 'await writeDeadLetters(deps, written.refused, signal);',
        replace: 'void writeDeadLetters(deps, written.refused, signal).catch(() => undefined);',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'a write that no majority acknowledged counts as done',
    bug: 'write-concern error ignored',
    edits: [
      {
        file: 'mongodb/commands',
        find: 'const fault = connectionFault(error, db.client)',
        replace:
          "if (error?.name === 'MongoWriteConcernError') return { reply: error.result ?? error.errorResponse, fault: null };" +
          'const fault = connectionFault(error, db.client)',
      },
    ],
    tests: ['mongodb/faults'],
    only: 'majority',
    servers: true,
  },
  {
    name: 'one expired certificate makes a refusal of an outage of the other servers',
    bug: null,
    edits: [
      {
        file: 'mongodb/connection-fault',
        find: 'text === null || texts.includes(null)',
        replace: 'text === null',
      },
    ],
    tests: ['mongodb/connection-fault'],
  },
  {
    name: 'writes are acknowledged by the primary alone',
    bug: 'write-concern error ignored',
    edits: [
      {
        file: 'mongodb/connection',
        find: "WRITE_CONCERN = { w: 'majority'",
        replace: 'WRITE_CONCERN = { w: 1',
      },
    ],
    tests: ['mongodb/connection'],
    servers: true,
  },
  {
    name: 'after an outage nothing is sent again',
    bug: null,
    edits: [
      {
        file: 'mongodb/settle',
        find: 'if (standing.outage === null)\n            round += 1;',
        replace: 'if (standing.outage !== null) return finer;\n        if (true)\n            round += 1;',
      },
    ],
    tests: ['mongodb/resend'],
  },
  {
    name: 'an outage is waited for without end',
    bug: null,
    edits: [{ file: 'mongodb/resend', find: 'if (elapsed >= resendForMs)', replace: 'if (false)' }],
    tests: ['mongodb/resend'],
  },
  {
    name: 'a merge is believed although it met fewer documents than were sent',
    bug: null,
    edits: [{ file: 'mongodb/steps', find: 'if (reply.n !== clean.length)', replace: 'if (false)' }],
    tests: ['mongodb/settle'],
  },
  {
    name: 'what one write call failed with is thrown while others are under way',
    bug: null,
    edits: [{ file: 'mongodb/settle', find: 'await Promise.allSettled(promises);', replace: '' }],
    tests: ['mongodb/settle'],
  },
  {
    name: 'one record that cannot be stored fails its whole batch',
    bug: null,
    edits: [{ file: 'mongodb/documents', find: 'if (fault !== null)', replace: 'if (false)' }],
    tests: ['mongodb/content'],
    only: 'and the neighbours are written',
    servers: true,
  },
  {
    name: 'a record brings the reserved field along',
    bug: null,
    edits: [
      {
        file: 'drain/stored-fields',
        find: 'if (Object.hasOwn(fields, VERSION_FIELD)) {',
        replace: 'if (false) {',
      },
    ],
    tests: ['drain/operation'],
  },
  {
    name: 'bytes that are no UTF-8 are replaced silently',
    bug: null,
    edits: [
      {
        file: 'drain/text',
        find: "isUtf8(bytes) ? bytes.toString('utf8') : null",
        replace: "bytes.toString('utf8')",
      },
    ],
    tests: ['drain/decode'],
  },
  {
    name: 'integers beyond 2^53 lose digits silently',
    bug: null,
    edits: [
      {
        file: 'drain/decode',
        find: "largeAllowed || !Number.isInteger(value) ? null : 'UNSAFE_INTEGER'",
        replace: 'null',
      },
    ],
    tests: ['drain/decode'],
  },
  {
    name: 'the id true and the id "true" are one',
    bug: null,
    edits: [{ file: 'drain/id-values', find: '`b:${String(value)}`', replace: 'String(value)' }],
    tests: ['drain/document-id'],
  },
  {
    name: 'a text that looks like the key of another id is taken for it',
    bug: null,
    edits: [{ file: 'mongodb/values', find: 'LAST_PLACE_OF_COLON = 4', replace: 'LAST_PLACE_OF_COLON = 3' }],
    tests: ['drain/document-id'],
  },
  {
    name: 'values nested too deeply are sent',
    bug: null,
    edits: [{ file: 'drain/record-limits', find: 'if (depth > maxDepth)', replace: 'if (false)' }],
    tests: ['drain/record-limits'],
  },
  {
    name: 'longs of Avro go through a double',
    bug: null,
    edits: [
      {
        file: 'registry/avro-input',
        find: 'return BigInt(readVarint(input));',
        replace: 'return BigInt(Number(readVarint(input)));',
      },
    ],
    tests: ['registry/fixtures'],
  },
  {
    name: 'whatever answers 404 is a registry without that schema',
    bug: 'dead-letter on network error',
    edits: [{ file: 'registry/client', find: '(isNotFound(json) ||', replace: '(true ||' }],
    tests: ['registry/http-schemas'],
  },
  {
    name: 'integers just below 2^53 are rounded while they are read',
    bug: null,
    edits: [{ file: 'mongodb/json-number', find: '+ (digit - ZERO);', replace: '+ digit - ZERO;' }],
    tests: ['drain/transcoded'],
  },
  {
    name: 'the bytes that were made of a filter are passed over',
    bug: null,
    edits: [{ file: 'mongodb/driver-patch', find: 'if (bytes === undefined)', replace: 'if (true)' }],
    tests: ['mongodb/driver-patch'],
  },
];
