import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Message } from 'kafkajs';
import { Binary, BSON, Decimal128, Double, Long, ObjectId, type Document } from 'mongodb';
import type { RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { assertDocuments, type ExpectedDocument } from '../../support/documents.js';
import { commitAs } from '../../support/group.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

const BASE_TIME = Date.now() - 60_000;
const OID = '65a000000000000000000001';

interface Case {
  rule: string;
  pipeline: Document;
  records: Message[];
  /** Offset of the record that wins → document id and fields. */
  documents: Record<number, { id: unknown; fields: Record<string, unknown> | [string, unknown][] }>;
  /** Offset → code. */
  deadLetters: Record<number, string>;
  skipped?: number;
}

const json = (value: unknown): string => JSON.stringify(value);

const CASES: readonly Case[] = [
  {
    rule: 'a key as string: its text, an empty one included',
    pipeline: {},
    records: [
      { key: 'o-1', value: json({ v: 1 }) },
      { key: '', value: json({ v: 2 }) },
      { key: 'é', value: json({ v: 3 }) },
      { key: 'e\u0301', value: json({ v: 4 }) },
      { key: 'o-1', value: json({ v: 5, _id: 'o-1' }) },
      { key: null, value: json({ v: 6 }) },
      { key: Buffer.from([0xff]), value: json({ v: 7 }) },
      { key: 'o-2', value: json({ _id: 'o-3' }) },
    ],
    documents: {
      1: { id: '', fields: { v: 2 } },
      2: { id: 'é', fields: { v: 3 } },
      3: { id: 'e\u0301', fields: { v: 4 } },
      4: { id: 'o-1', fields: { v: 5 } },
    },
    deadLetters: { 5: 'ID_MISSING', 6: 'NOT_UTF8', 7: 'ID_MISMATCH' },
  },
  {
    rule: 'a key as bytes: binary, whatever they are',
    pipeline: { keyFormat: 'bytes' },
    records: [
      { key: Buffer.from([0xff, 0]), value: json({ v: 1 }) },
      { key: 'o-1', value: json({ v: 2 }) },
      { key: Buffer.from([0xff, 0]), value: json({ v: 3 }) },
    ],
    documents: {
      1: { id: new Binary(Buffer.from('o-1')), fields: { v: 2 } },
      2: { id: new Binary(Buffer.from([0xff, 0])), fields: { v: 3 } },
    },
    deadLetters: {},
  },
  {
    rule: 'a key as JSON: scalars of their own type, numbers by value',
    pipeline: { keyFormat: 'json' },
    records: [
      { key: '"1"', value: json({ v: 1 }) },
      { key: '1', value: json({ v: 2 }) },
      { key: 'true', value: json({ v: 3 }) },
      { key: '1.0', value: json({ v: 4 }) },
      { key: '1.5', value: json({ v: 5 }) },
      { key: '-0', value: json({ v: 6 }) },
      { key: '0', value: json({ v: 7 }) },
      { key: 'null', value: json({ v: 8 }) },
      { key: '[1]', value: json({ v: 9 }) },
      { key: '9007199254740993', value: json({ v: 10 }) },
      { key: 'o-1', value: json({ v: 11 }) },
    ],
    documents: {
      0: { id: '1', fields: { v: 1 } },
      2: { id: true, fields: { v: 3 } },
      3: { id: 1, fields: { v: 4 } },
      4: { id: 1.5, fields: { v: 5 } },
      6: { id: 0, fields: { v: 7 } },
    },
    deadLetters: { 7: 'ID_MISSING', 8: 'ID_NOT_SCALAR', 9: 'UNSAFE_INTEGER', 10: 'NOT_JSON' },
  },
  {
    rule: 'a field of the value: the key plays no part, and a tombstone has no field',
    pipeline: { documentId: { field: 'orderId' } },
    records: [
      { key: 'x', value: json({ orderId: 'o-1', v: 1 }) },
      { key: null, value: json({ v: 2, orderId: 7 }) },
      { key: 'y', value: json({ orderId: 'o-1', v: 3 }) },
      { key: 'x', value: null },
      { key: 'x', value: json({ v: 4 }) },
      { key: 'x', value: json({ orderId: { a: 1 } }) },
    ],
    documents: {
      1: { id: 7, fields: { v: 2, orderId: 7 } },
      2: { id: 'o-1', fields: { orderId: 'o-1', v: 3 } },
    },
    deadLetters: { 3: 'TOMBSTONE_WITHOUT_ID', 4: 'ID_MISSING', 5: 'ID_NOT_SCALAR' },
  },
  {
    rule: 'coordinates: one document a record, tombstones skipped',
    pipeline: { documentId: 'coordinates' },
    records: [
      { key: 'x', value: json({ v: 1 }) },
      { key: 'x', value: null },
      { key: null, value: json({ v: 1 }) },
    ],
    documents: {
      0: { id: 'TOPIC-0-0', fields: { v: 1 } },
      2: { id: 'TOPIC-0-2', fields: { v: 1 } },
    },
    deadLetters: {},
    skipped: 1,
  },
  {
    rule: 'values as text',
    pipeline: { value: 'string' },
    records: [
      { key: 'o-1', value: '{"not": parsed' },
      { key: 'o-2', value: '' },
      { key: 'o-3', value: Buffer.from([0xff]) },
    ],
    documents: {
      0: { id: 'o-1', fields: { value: '{"not": parsed' } },
      1: { id: 'o-2', fields: { value: '' } },
    },
    deadLetters: { 2: 'NOT_UTF8' },
  },
  {
    rule: 'values as bytes',
    pipeline: { value: 'bytes' },
    records: [
      { key: 'o-1', value: Buffer.from([0xff, 0]) },
      { key: 'o-2', value: '' },
    ],
    documents: {
      0: { id: 'o-1', fields: { value: new Binary(Buffer.from([0xff, 0])) } },
      1: { id: 'o-2', fields: { value: new Binary(Buffer.alloc(0)) } },
    },
    deadLetters: {},
  },
  {
    rule: 'large integers with all digits, and declared dates',
    pipeline: { largeIntegers: 'long', dates: ['at', 'items.at'] },
    records: [
      { key: 'o-1', value: '{"n":9007199254740993,"at":"2026-01-31T12:00:00+01:00","items":[{"at":0},{}]}' },
      { key: 'o-2', value: '{"at":"yesterday"}' },
      { key: 'o-3', value: '{"n":9223372036854775808}' },
    ],
    documents: {
      0: {
        id: 'o-1',
        fields: {
          n: 9007199254740993n,
          at: new Date('2026-01-31T11:00:00Z'),
          items: [{ at: new Date(0) }, {}],
        },
      },
    },
    deadLetters: { 1: 'NOT_A_DATE', 2: 'UNSAFE_INTEGER' },
  },
  {
    rule: 'values as extended JSON, an ObjectId as id',
    pipeline: { value: 'extended-json', documentId: { field: '_id' } },
    records: [
      { key: null, value: `{"_id":{"$oid":"${OID}"},"p":{"$numberDecimal":"1.10"},"n":{"$numberInt":"1"}}` },
      { key: null, value: '{"_id":{"$oid":"x"}}' },
      { key: null, value: '[]' },
    ],
    documents: {
      0: { id: new ObjectId(OID), fields: { p: Decimal128.fromString('1.10'), n: 1 } },
    },
    deadLetters: { 1: 'NOT_JSON', 2: 'NOT_AN_OBJECT' },
  },
  {
    rule: 'values as BSON',
    pipeline: { value: 'bson' },
    records: [
      {
        key: 'o-1',
        value: Buffer.from(BSON.serialize({ d: new Double(2), l: Long.fromNumber(3), _id: 'o-1' })),
      },
      { key: 'o-2', value: json({ v: 1 }) },
    ],
    documents: { 0: { id: 'o-1', fields: { d: new Double(2), l: Long.fromNumber(3) } } },
    deadLetters: { 1: 'NOT_BSON' },
  },
  {
    rule: 'unusual fields are stored as they are, in their order, after the _id',
    pipeline: {},
    records: [
      { key: 'o-1', value: '{"b":1,"$a":2,"a.b":3,"":4,"_id":"o-1","c":{"$set":{"x":"$y"}},"d":"$$ROOT"}' },
      { key: 'o-2', value: '{"10":"x","2":"y","z":{"1":1,"a":2}}' },
      { key: 'o-3', value: '{"__proto__":{"admin":true},"constructor":1}' },
      { key: 'o-4', value: '{"n":[1e300,-0,0.1,9007199254740991,2147483648],"t":"\\u0000","e":{}}' },
    ],
    documents: {
      0: {
        id: 'o-1',
        fields: { b: 1, $a: 2, 'a.b': 3, '': 4, c: { $set: { x: '$y' } }, d: '$$ROOT' },
      },
      1: {
        id: 'o-2',
        // Integer-like names come first, by value: so JSON.parse has them.
        fields: [
          ['2', 'y'],
          ['10', 'x'],
          ['z', { 1: 1, a: 2 }],
        ],
      },
      2: { id: 'o-3', fields: JSON.parse('{"__proto__":{"admin":true},"constructor":1}') as Document },
      3: { id: 'o-4', fields: { n: [1e300, -0, 0.1, 9007199254740991, 2147483648], t: '\0', e: {} } },
    },
    deadLetters: {},
  },
];

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('a record becomes a document', { concurrency: true }, () => {
  const scenarios: Scenario[] = [];
  before(async () => {
    for (const { pipeline } of CASES) {
      const [beside] = scenarios;
      const worker = { maxConcurrentDrains: 8 };
      scenarios.push(
        await createScenario({ partitions: 1, pipeline, worker, ...(beside !== undefined && { beside }) }),
      );
    }
    await scenarios[0]?.startWorker();
  });
  after(async () => {
    for (const scenario of scenarios.reverse()) await scenario.close();
  });

  const run = async (scenario: Scenario): Promise<RunResult> => {
    const result = await scenario.run();
    assertBalanced(result);
    assert.equal(result.stopReason, 'drained');
    return result;
  };

  const wanted = ({ topic }: Scenario, { documents }: Case): ExpectedDocument[] =>
    Object.entries(documents).map(([offset, { id, fields }]) => ({
      id: typeof id === 'string' ? id.replace('TOPIC', topic) : id,
      fields: Array.isArray(fields) ? fields : Object.entries(fields),
      place: { topic, offset: Number(offset), timestampMs: BASE_TIME + Number(offset) },
    }));

  const assertStored = async (scenario: Scenario, given: Case) => {
    await assertDocuments(scenario.collection, wanted(scenario, given));
    const letters = await scenario.deadLetters.find().sort({ offset: 1 }).toArray();
    assert.deepEqual(
      Object.fromEntries(letters.map(({ offset, code }) => [Number(offset), code as string])),
      given.deadLetters,
    );
  };

  CASES.forEach((given, index) => {
    test(`${given.rule}; and a replay changes nothing`, async () => {
      const scenario = scenarios[index] ?? assert.fail();
      const { records, documents, deadLetters, skipped = 0 } = given;
      await scenario.produce(
        records.map((record, offset) => ({ ...record, timestamp: String(BASE_TIME + offset) })),
      );
      const first = await run(scenario);
      const [stored, bad] = [documents, deadLetters].map((all) => Object.keys(all).length);
      assert.deepEqual(
        [first.records.read, first.records.inserted, first.records.deadLettered, first.records.skipped],
        [records.length, stored, bad, skipped],
      );
      await assertStored(scenario, given);
      await commitAs(scenario, { partition: 0, offset: 0n });
      const again = await run(scenario);
      assert.deepEqual(
        [again.continuity, again.records.read, again.records.unchanged, again.records.deadLettered],
        ['replay', records.length, stored, bad],
      );
      await assertStored(scenario, given);
    });
  });
});
