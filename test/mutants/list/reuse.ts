import type { Mutant } from '../mutant.js';

/** Of memory and objects that are used again. */
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
    tests: ['drain/write-batch'],
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
];
