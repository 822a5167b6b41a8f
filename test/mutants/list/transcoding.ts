import type { Mutant } from '../mutant.js';

/** From the bytes of a batch to records, to BSON and to ids, without an object in between. */
export const TRANSCODING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a value that is cut off is completed by what lies behind it in its batch',
    bug: null,
    edits: [
      {
        file: 'mongodb/json-to-bson',
        find: 'if (cursor.at >= cursor.end)',
        replace: 'if (cursor.at >= cursor.json.length)',
      },
    ],
    tests: ['drain/transcoded'],
  },
  {
    name: 'bytes that are not UTF-8 are stored as a text',
    bug: null,
    edits: [
      {
        file: 'mongodb/json-to-bson',
        find: 'cursor.isWide ||= isUtf8(cursor.json.subarray(cursor.from, cursor.end));',
        replace: 'cursor.isWide = true;',
      },
    ],
    tests: ['drain/transcoded'],
  },
  {
    name: 'a key that is not ASCII becomes another text',
    bug: null,
    edits: [{ file: 'mongodb/plain-text', find: '(bytes[at] ?? 0) > 0x7f', replace: 'false' }],
    tests: ['drain/transcoded'],
  },
  {
    name: 'a control character in a word of ASCII is taken for a part of the text',
    bug: null,
    edits: [{ file: 'mongodb/plain-text', find: ' | (word - SPACES);', replace: ';' }],
    tests: ['mongodb/plain-text'],
  },
  {
    name: 'the headers of a record without a value are looked for before its end',
    bug: null,
    edits: [
      {
        file: 'kafka/record-reader',
        find: 'this.valueAt + Math.max(this.valueBytes, 0)',
        replace: 'this.valueAt + this.valueBytes',
      },
    ],
    tests: ['kafka/batch-decoder'],
  },
  {
    name: 'a long value is written although there is no room for it',
    bug: null,
    edits: [
      { file: 'mongodb/json-room', find: 'cursor.to - cursor.at <= cursor.mostAhead', replace: 'true' },
    ],
    tests: ['drain/transcoded-long'],
  },
  {
    name: 'a value that is transcoded may have any number of keys',
    bug: null,
    edits: [{ file: 'mongodb/json-to-bson', find: 'cursor.keysLeft -= 1;', replace: ';' }],
    tests: ['drain/transcoded', 'drain/transcoded-long'],
  },
  {
    name: 'keys of the values before count against the limit of this one',
    bug: null,
    edits: [{ file: 'mongodb/json-to-bson', find: 'cursor.keysLeft = maxKeys;', replace: ';' }],
    tests: ['drain/transcoded-long'],
  },
  {
    name: 'a slab for a long value has the usual length',
    bug: null,
    edits: [{ file: 'mongodb/slabs', find: 'Math.max(bytes, least)', replace: 'bytes' }],
    tests: ['mongodb/slabs', 'drain/transcoded-long'],
  },
  {
    name: 'room is asked for as if a value took no more than its JSON',
    bug: null,
    edits: [{ file: 'mongodb/json-room', find: 'ELEMENT_BYTES = 64', replace: 'ELEMENT_BYTES = 0' }],
    tests: ['drain/transcoded-long'],
  },
  {
    name: 'slabs of the usual length keep longer ones out',
    bug: null,
    edits: [{ file: 'mongodb/slabs', find: 'kept -= free.pop()', replace: 'kept -= free.shift()' }],
    tests: ['mongodb/slabs'],
  },
];
