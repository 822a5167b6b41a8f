import type { Mutant } from '../mutant.js';

/** Transforms, and the records that they end attempts with. */
export const TRANSFORM_MUTANTS: readonly Mutant[] = [
  {
    name: 'a call is not noted',
    bug: null,
    edits: [{ file: 'drain/transform-step', find: 'began(partition, record.offset);', replace: '' }],
    tests: ['drain/transform-step'],
  },
  {
    name: 'calls overlap although there are suspects',
    bug: null,
    edits: [{ file: 'drain/transform-step', find: '? oneCallAtATime(noted)', replace: '? noted' }],
    tests: ['drain/transform-step'],
  },
  {
    name: 'a record that has ended two attempts is transformed a third time',
    bug: null,
    edits: [{ file: 'drain/transform-step', find: 'return killers.has(name) ?', replace: 'return false ?' }],
    tests: ['drain/transform-step', 'drain/write-batch-transforms'],
  },
  {
    name: 'a batch goes on behind a record that has ended two attempts',
    bug: null,
    edits: [
      { file: 'drain/write-batch', find: "&& operation.code === 'KILLED_DRAIN')", replace: '&& false)' },
    ],
    tests: ['drain/write-batch-transforms'],
  },
  {
    name: 'a long batch of quick transforms never lets the event loop turn',
    bug: null,
    edits: [
      { file: 'drain/transform-step', find: 'if (now - lastMs < LONGEST_STRETCH_MS)', replace: 'if (true)' },
    ],
    tests: ['drain/transform-step'],
  },
  {
    name: 'the message of what a transform throws gets into the dead letters',
    bug: null,
    edits: [
      {
        file: 'drain/transform-result',
        find: "? name : 'an error'",
        replace: '? error.message : error.message',
      },
    ],
    tests: ['drain/transform-step'],
  },
  {
    name: 'objects of classes in the result of a transform are stored as something else',
    bug: null,
    edits: [
      {
        file: 'mongodb/storable',
        find: 'if (into.isForeign)\n        into.fault = kindFault(value);',
        replace: '',
      },
    ],
    tests: ['drain/transform-result'],
  },
  {
    name: 'what the attempts before have found is lost',
    bug: null,
    edits: [{ file: 'activities/suspects', find: 'new Map(earlier.map(', replace: 'new Map([].map(' }],
    tests: ['activities/suspects'],
  },
  {
    name: 'a transform that never settles is waited for while the rest gives signs of life',
    bug: null,
    edits: [{ file: 'activities/suspects', find: 'if (stuck !== undefined)', replace: 'if (false)' }],
    tests: ['activities/suspects'],
  },
  {
    name: 'an attempt that failed politely leaves suspects',
    bug: null,
    edits: [{ file: 'activities/suspects', find: '!KILLS.includes(error.code)', replace: 'false' }],
    tests: ['activities/suspects'],
  },
  {
    name: 'a slow call that a requested stop has cut off is a suspect',
    bug: null,
    edits: [{ file: 'activities/suspects', find: 'return !(asked && ', replace: 'return !(false && ' }],
    tests: ['activities/suspects'],
  },
  {
    name: 'a slow transform turns whole batches, deaf to the end of the run',
    bug: null,
    edits: [{ file: 'drain/write-batch', find: 'isAsked(deps, index) && enough()', replace: 'false' }],
    tests: ['drain/write-batch-transforms'],
  },
  {
    name: 'what was transformed before an outage is thrown away',
    bug: null,
    edits: [{ file: 'drain/write-batch', find: 'if (end === 0)', replace: 'if (true)' }],
    tests: ['drain/write-batch-transforms'],
  },
  {
    name: 'an outage of what a transform asks is dead-lettered',
    bug: null,
    edits: [{ file: 'drain/transform-result', find: 'if (!saysRetryable(error))', replace: 'if (true)' }],
    tests: ['drain/transform-step'],
  },
  {
    name: 'a replay says of all records that they went through where only the first ones did',
    bug: null,
    edits: [{ file: 'drain/replay', find: 'rest = rest.slice(written.handled);', replace: 'rest = [];' }],
    tests: ['drain/replay'],
  },
  {
    name: 'an edited transform drains a plan made with the old one',
    bug: null,
    edits: [
      {
        file: 'config/transform',
        find: 'return { ...present, fingerprint: fingerprintOf(present, database) };',
        replace: 'return present;',
      },
    ],
    tests: ['activities/pipeline', 'config/transform'],
  },
  {
    name: 'with a transform, too, it is seldom asked whether to stop',
    bug: null,
    edits: [{ file: 'drain/attempt', find: 'transform !== undefined || schemas !== null', replace: 'false' }],
    tests: ['drain/handle'],
  },
];
