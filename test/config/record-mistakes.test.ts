import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, mistakesIn, type Parts } from './builders.js';

const CASES: readonly { rule: string; parts: Parts; mistake: string }[] = [
  {
    rule: 'a document id has one source',
    parts: { orders: '{ topic: orders, documentId: { field: a, keyField: b } }' },
    mistake:
      '5:40 pipelines.orders.documentId: expected key, coordinates or a mapping with one of field, fields, keyField, keyFields',
  },
  {
    rule: 'an object as the id has at least one field',
    parts: { orders: '{ topic: orders, documentId: { fields: [] } }' },
    mistake: '5:50 pipelines.orders.documentId.fields: expected a list of at least one field',
  },
  {
    rule: 'an id of several fields has different ones',
    parts: { orders: '{ topic: orders, documentId: { keyFields: [a, a] } }' },
    mistake: '5:53 pipelines.orders.documentId.keyFields: expected a list of different fields',
  },
  {
    rule: 'an operator is no field of an id',
    parts: { orders: '{ topic: orders, documentId: { fields: [a, $b] } }' },
    mistake:
      '5:54 pipelines.orders.documentId.fields[1]: "$b": expected the name of a top-level field: no dots, not beginning with $ or a digit, not _kafka',
  },
  {
    rule: 'several fields can be the id only of values with fields',
    parts: { orders: '{ topic: orders, value: bytes, documentId: { fields: [a, b] } }' },
    mistake:
      '5:54 pipelines.orders.documentId: bytes values have no fields to take the id from, unless a `transform` gives them some',
  },
  {
    rule: 'the schema of Kafka Connect stands beside values of JSON alone',
    parts: { orders: '{ topic: orders, envelope: connect, value: bson }' },
    mistake:
      '5:38 pipelines.orders.envelope: "connect": connect needs `value: json`: other formats have their schema elsewhere',
  },
  {
    rule: 'what large integers become is said by the schema of Kafka Connect',
    parts: { orders: '{ topic: orders, envelope: connect, largeIntegers: long }' },
    mistake:
      '5:47 pipelines.orders.largeIntegers: has no meaning with `envelope: connect`, whose schemas say it; leave it out',
  },
  {
    rule: 'a version is no text that stands for an integer',
    parts: { orders: '{ topic: orders, version: { field: rev }, deletes: ignore, largeIntegers: string }' },
    mistake:
      '5:37 pipelines.orders.version: integers beyond 2^53 would be texts, of which "9…" is newer than "10…": needs `largeIntegers: long` or `decimal`',
  },
  {
    rule: 'a version that a tombstone cannot bring needs deletes to be ignored',
    parts: { orders: '{ topic: orders, version: { field: rev } }' },
    mistake:
      '5:37 pipelines.orders.version: tombstones have no field to take a version from: needs `deletes: ignore`',
  },
  {
    rule: 'a field can be the version only of values with fields',
    parts: { orders: '{ topic: orders, value: string, version: { field: rev }, deletes: ignore }' },
    mistake: '5:52 pipelines.orders.version: string values have no fields to take the version from',
  },
  {
    rule: 'the place in the source is known from change events alone',
    parts: { orders: '{ topic: orders, version: source }' },
    mistake: '5:37 pipelines.orders.version: "source": source needs `envelope: debezium`',
  },
  {
    rule: 'change events are JSON, or come by a schema registry',
    parts: { orders: '{ topic: orders, envelope: debezium, value: bson, documentId: { field: id } }' },
    mistake:
      '5:38 pipelines.orders.envelope: "debezium": needs `value: json` or a format of a schema registry; documents of MongoDB in it are read as extended JSON by themselves',
  },
  {
    rule: 'change events need to be told which field of the key is the id',
    parts: { orders: '{ topic: orders, envelope: debezium }' },
    mistake:
      '5:38 pipelines.orders.envelope: "debezium": needs `documentId`, since the keys of change events are objects: { keyField: <name> } as a rule',
  },
  {
    rule: 'an id of change events that cannot be read is one mistake, not a missing id as well',
    parts: { orders: '{ topic: orders, envelope: debezium, documentId: id }' },
    mistake:
      '5:60 pipelines.orders.documentId: "id": expected key, coordinates or a mapping with one of field, fields, keyField, keyFields',
  },
  {
    rule: 'hard deletes and overlapping runs exclude each other',
    parts: { orders: '{ topic: orders, deletes: hard, schedule: { overlap: AllowAll } }' },
    mistake:
      '5:37 pipelines.orders.deletes: "hard": hard deletes cannot be combined with `overlap: allow-all`: a run that is behind would bring removed documents back; use soft',
  },
  {
    rule: 'hard deletes and several topics in one collection exclude each other',
    parts: { orders: '{ topics: [a, b], version: timestamp, deletes: hard }' },
    mistake:
      '5:58 pipelines.orders.deletes: "hard": hard deletes cannot be combined with several topics in one collection, whose records come in any order; use soft',
  },
  {
    rule: 'hard deletes and a version that is the timestamp exclude each other',
    parts: { orders: '{ topic: orders, version: timestamp, deletes: hard }' },
    mistake:
      '5:57 pipelines.orders.deletes: "hard": hard deletes cannot be combined with `version: timestamp`: nothing remembers the version of what was removed, so an older record that comes later would bring it back; use `version: offset` (the default), or soft',
  },
  {
    rule: 'hard deletes and a version that is the place in the source exclude each other',
    parts: {
      orders:
        '{ topic: orders, envelope: debezium, documentId: { keyField: id }, version: source, deletes: hard }',
    },
    mistake:
      '5:104 pipelines.orders.deletes: "hard": hard deletes cannot be combined with `version: source`: nothing remembers the version of what was removed, so an older record that comes later would bring it back; use `version: offset` (the default), or soft',
  },
  {
    rule: 'hard deletes and a version that is a field exclude each other',
    parts: {
      orders:
        '{ topic: orders, envelope: debezium, documentId: { keyField: id }, version: { field: rev }, deletes: hard }',
    },
    mistake:
      '5:112 pipelines.orders.deletes: "hard": hard deletes cannot be combined with `version: { field: rev }`: nothing remembers the version of what was removed, so an older record that comes later would bring it back; use `version: offset` (the default), or soft',
  },
  {
    rule: 'hard deletes of change events take the id from the key, which keeps it in one partition',
    parts: { orders: '{ topic: orders, envelope: debezium, documentId: { field: id }, deletes: hard }' },
    mistake:
      '5:84 pipelines.orders.deletes: "hard": hard deletes cannot be combined with `documentId: { field }`: rows of other keys, and so of other partitions, may have the same id, and an older record of theirs would bring a removed document back; use `documentId: { keyField: <name> }`, or soft',
  },
  {
    rule: 'hard deletes of change events take an id of several fields from the key, too',
    parts: {
      orders: '{ topic: orders, envelope: debezium, documentId: { fields: [a, b] }, deletes: hard }',
    },
    mistake:
      '5:89 pipelines.orders.deletes: "hard": hard deletes cannot be combined with `documentId: { fields }`: rows of other keys, and so of other partitions, may have the same id, and an older record of theirs would bring a removed document back; use `documentId: { keyFields: [<name>, …] }`, or soft',
  },
  {
    rule: 'hard deletes leave nothing to be purged',
    parts: { orders: '{ topic: orders, deletes: hard, tombstoneWindow: 1d }' },
    mistake: '5:43 pipelines.orders.tombstoneWindow: hard deletes leave no markers; leave it out',
  },
];

describe('a mistake in the rules of records is reported with line, column, path, value and what is allowed', () => {
  for (const { rule, parts, mistake } of CASES) {
    test(rule, () => {
      assert.deepEqual(mistakesIn(configuration(parts)), [`drain.yaml:${mistake}`]);
    });
  }
});

describe('large integers have a meaning', () => {
  const accepts = (rules: string) =>
    mistakesIn(
      `schemaRegistry: { url: "https://r" }\n${configuration({ orders: `{ topic: orders, largeIntegers: long, ${rules} }` })}`,
    ).length === 0;

  test('where keys are JSON, whatever the values are', () => {
    assert.ok(accepts('value: bson, keyFormat: json'));
    assert.ok(accepts('value: string, keyFormat: json-schema'));
    assert.ok(accepts('value: bytes, documentId: { keyField: id }'));
    assert.ok(accepts('value: avro, documentId: { keyFields: [a, b] }, keyFormat: json-schema'));
  });

  test('not where neither keys nor values are JSON, or only keys that nobody reads', () => {
    assert.ok(!accepts('value: bson'));
    assert.ok(!accepts('value: avro, documentId: { keyField: id }, keyFormat: avro'));
    assert.ok(!accepts('value: bson, documentId: coordinates'));
    assert.ok(!accepts('value: bson, documentId: { field: id }'));
  });
});
