import type { Mutant } from '../mutant.js';

/** Of memory and objects that are used again, and of ids that stay in their records. */
export const REUSE_MUTANTS: readonly Mutant[] = [
  {
    name: 'the driver signs its time with what comes into the memory of a reply next',
    bug: null,
    edits: [{ file: 'mongodb/driver-patch', find: 'detachSignature(this);', replace: ';' }],
    tests: ['mongodb/driver-patch'],
  },
  {
    name: 'a model that is used again keeps the size of the one before',
    bug: null,
    edits: [{ file: 'mongodb/raw-upsert', find: 'this.size = 0;', replace: ';' }],
    tests: ['mongodb/model-ids'],
  },
  {
    name: 'models are used again before they are written',
    bug: null,
    edits: [
      {
        file: 'drain/write-batch',
        find: 'const written = await write(',
        replace: 'recycleModels(sorted.candidates.models); const written = await write(',
      },
    ],
    tests: ['drain/write-batch', 'drain/write-batch-reuse'],
  },
  {
    name: 'a record that is used again keeps the headers of the one before',
    bug: null,
    edits: [{ file: 'kafka/record-reader', find: 'this.decodedHeaders = null;', replace: ';' }],
    tests: ['kafka/record-reader'],
  },
  {
    name: 'records are used again while they are handled',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'const handled = await state.request.handle(recordBatch);',
        replace:
          'setTimeout(() => recycleRecords(recordBatch.records)); const handled = await state.request.handle(recordBatch);',
      },
    ],
    tests: ['kafka/source'],
    servers: true,
  },
  {
    name: 'what is given back twice is two things at once',
    bug: null,
    edits: [{ file: 'spares', find: 'if (!spare.forget())', replace: 'if (!spare.forget() && false)' }],
    tests: ['spares'],
  },
  {
    name: 'ids in their records are taken for one another where they are as long',
    bug: null,
    edits: [{ file: 'mongodb/model-ids', find: 'if (idBytes[at] !== bytes[other])', replace: 'if (false)' }],
    tests: ['mongodb/model-ids'],
  },
  {
    name: 'a text is told by its characters, as if they were bytes',
    bug: null,
    edits: [
      { file: 'mongodb/model-ids', find: 'isAsLong && isAscii(bytes, from, end)', replace: 'isAsLong' },
    ],
    tests: ['mongodb/model-ids'],
  },
  {
    name: 'an id in its record is taken for a longer one that begins with it',
    bug: null,
    edits: [{ file: 'mongodb/model-ids', find: 'if (idEnd - idAt !== end - from)', replace: 'if (false)' }],
    tests: ['mongodb/model-ids'],
  },
  {
    name: 'a key that might be another kind’s stays in its record',
    bug: null,
    edits: [{ file: 'mongodb/values', find: 'if (bytes[from + at] === COLON)', replace: 'if (false)' }],
    tests: ['drain/transcoded-ids'],
  },
];
