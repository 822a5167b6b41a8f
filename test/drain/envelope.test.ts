import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation, type Operation } from '../../src/drain/operation.js';
import { NOW, pipeline, record } from './builders.js';
import * as events from './debezium-events.js';

const DEBEZIUM: Partial<PipelineSettings> = {
  envelope: 'debezium',
  documentId: { from: 'keyField', field: 'id', format: 'json' },
};

interface Sent {
  key?: Record<string, unknown>;
  /** `null`: the tombstone that follows a delete. */
  event: Record<string, unknown> | null;
  withSchema?: boolean;
}

function operation(
  { key = { id: 1004 }, event, withSchema }: Sent,
  rules: Partial<PipelineSettings> = {},
): Operation {
  const value = event === null ? null : events.eventText(event, withSchema);
  const settings = pipeline({ ...DEBEZIUM, ...rules });
  return createToOperation(settings, NOW)(record({ key: events.keyText(key, withSchema), value }));
}

/** `upsert 1004 {…}`, `delete 1004`, `skip`, or the code of the fault. */
function outcome(done: Operation): string {
  if (done.kind === 'bad') return `${done.stage}: ${done.code}`;
  if (done.kind === 'skip') return 'skip';
  const id = String(done.model.id);
  return done.model.kind === 'delete'
    ? `delete ${id}`
    : `upsert ${id} ${Object.keys(done.model.fields).join()}`;
}

const ROW = { id: 1004, first_name: 'Anne', last_name: 'Kretchmar', email: 'annek@noanswer.org' };
const UPSERT = 'upsert 1004 id,first_name,last_name,email';
const RELATIONAL = ['mysql', 'postgresql', 'sqlserver', 'oracle'] as const;

describe('a change event of a table', () => {
  for (const connector of RELATIONAL) {
    for (const withSchema of [false, true]) {
      test(`of ${connector} ${withSchema ? 'with' : 'without'} its schema beside it is an upsert of the row, or a delete`, () => {
        for (const op of ['c', 'u', 'r']) {
          assert.equal(outcome(operation({ event: events[connector]({ op }), withSchema })), UPSERT);
        }
        const gone = events[connector]({ op: 'd', before: ROW });
        assert.equal(outcome(operation({ event: gone, withSchema })), 'delete 1004');
      });
    }
  }

  test('is stored as the row is, without anything of the envelope', () => {
    const done = operation({ event: events.mysql() });
    assert.ok(done.kind === 'write' && done.model.kind === 'upsert');
    assert.deepEqual(done.model.fields, ROW);
  });

  const before = { ...ROW, id: 7 };
  const cases: readonly (readonly [string, Sent, Partial<PipelineSettings>, string])[] = [
    ['a delete whose id is a field of the row, from what the row was', { event: events.mysql({ op: 'd', before }) }, { documentId: { from: 'field', field: 'id' } }, 'delete 7'],
    ['a delete without the former row, the id being one of its fields', { event: events.mysql({ op: 'd' }) }, { documentId: { from: 'field', field: 'id' } }, 'id: TOMBSTONE_WITHOUT_ID'],
    ['a delete where deletes are ignored', { event: events.mysql({ op: 'd', before: ROW }) }, { deletes: 'ignore' }, 'skip'],
    ['a delete of an append-only collection', { event: events.mysql({ op: 'd', before: ROW }) }, { documentId: { from: 'coordinates' } }, 'skip'],
    ['a message in the log of the source', { event: { op: 'm', source: { connector: 'postgresql' } } }, {}, 'skip'],
    ['a truncation, which no document can express', { event: events.postgresql({ op: 't', after: null }) }, {}, 'decode: ENVELOPE_UNSUPPORTED'],
    ['an operation that nobody knows', { event: events.mysql({ op: 'x' }) }, {}, 'decode: NOT_AN_ENVELOPE'],
    ['an update without the row', { event: events.mysql({ op: 'u', after: null }) }, {}, 'decode: NOT_AN_ENVELOPE'],
    ['a row that is a text', { event: events.mysql({ after: '{}' }) }, {}, 'decode: NOT_AN_ENVELOPE'],
    ['a value without an envelope', { event: ROW }, {}, 'decode: NOT_AN_ENVELOPE'],
    ['an integer of the row that a double cannot hold', { event: events.mysql({ after: { id: 1004, n: '#' } }) }, {}, 'decode: UNSAFE_INTEGER'],
    ['a number of the row that was written as floating point', { event: events.mysql({ after: { id: 1004, n: 1e300 } }) }, {}, 'upsert 1004 id,n'],
    ['a whole number of the row that was written as floating point', { event: events.mysql({ after: { id: 1004, n: '#1.0E17' } }) }, {}, 'upsert 1004 id,n'],
    ['an integer of the row of 22 digits', { event: events.mysql({ after: { id: 1004, n: '#1000000000000000000001' } }) }, {}, 'decode: UNSAFE_INTEGER'],
    ['an integer deep in the row that a double cannot hold', { event: events.mysql({ after: { id: 1004, n: { m: ['#'] } } }) }, {}, 'decode: UNSAFE_INTEGER'],
    ['the same where it is to be kept', { event: events.mysql({ after: { id: 1004, n: '#' } }) }, { largeIntegers: 'long' }, 'upsert 1004 id,n'],
    ['a key without the field', { key: { no: 1 }, event: events.mysql() }, {}, 'id: ID_MISSING'],
    ['a text as the id, which is not read as anything else', { key: { id: '17' }, event: events.mysql() }, {}, 'upsert 17 id,first_name,last_name,email'],
  ]; // prettier-ignore
  for (const [what, sent, rules, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      assert.equal(outcome(operation(sent, rules)), expected);
    });
  }

  test('has its dates converted in the row', () => {
    const after = { id: 1004, created_at: 1_486_500_577_691 };
    const done = operation({ event: events.mysql({ after }) }, { dates: ['created_at'] });
    assert.ok(done.kind === 'write' && done.model.kind === 'upsert');
    assert.deepEqual(done.model.fields, { id: 1004, created_at: new Date(1_486_500_577_691) });
  });
});

describe('a change event of MongoDB', () => {
  const key = { id: JSON.stringify(events.MONGODB_ID) };
  const id = events.MONGODB_ID.$oid;

  test('brings the document as a text of extended JSON, whose _id is that of the key', () => {
    const done = operation({ key, event: events.mongodb({ op: 'u' }) });
    assert.equal(outcome(done), `upsert ${id} first_name,visits,since`);
    assert.ok(done.kind === 'write' && done.model.kind === 'upsert');
    assert.deepEqual((done.model.fields as Record<string, unknown>)['since'], new Date(1_486_500_577_691));
    assert.equal(String((done.model.fields as Record<string, unknown>)['visits']), '9007199254740993');
  });

  test('may as well be identified by the _id of the document, deletes by that of the key', () => {
    const documentId = { from: 'field', field: '_id' } as const;
    const upsert = operation({ key, event: events.mongodb() }, { documentId });
    const gone = operation({ key, event: events.mongodb({ op: 'd' }) }, { documentId });
    assert.equal(outcome(upsert), `upsert ${id} first_name,visits,since`);
    assert.equal(outcome(gone), `delete ${id}`);
    assert.ok(upsert.kind === 'write' && gone.kind === 'write');
    assert.equal(upsert.model.idKey, gone.model.idKey);
  });

  for (const [text, type] of [
    ['17', 'number'],
    ['"17"', 'string'],
    ['{"$numberLong":"17"}', 'bigint'],
  ] as const) {
    // prettier-ignore
    test(`with the key ${text} is of an id of type ${type}`, () => {
      const done = operation({ key: { id: text }, event: events.mongodb({ op: 'd' }) });
      assert.ok(done.kind === 'write');
      assert.equal(typeof done.model.id, type);
    });
  }

  const cases: readonly (readonly [string, Sent, string])[] = [
    ['a delete', { key, event: events.mongodb({ op: 'd' }) }, `delete ${id}`],
    ['an update without the document', { key, event: events.mongodb({ op: 'u', after: null }) }, 'decode: ENVELOPE_UNSUPPORTED'],
    ['an insert without the document', { key, event: events.mongodb({ after: null }) }, 'decode: NOT_AN_ENVELOPE'],
    ['a document that is no JSON', { key, event: events.mongodb({ after: '{' }) }, 'decode: NOT_JSON'],
    ['a key of another document', { key: { id: '1' }, event: events.mongodb() }, 'id: ID_MISMATCH'],
  ]; // prettier-ignore
  for (const [what, sent, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      assert.equal(outcome(operation(sent)), expected);
    });
  }

  test('says which option of the connector brings the whole document', () => {
    const done = operation({ key, event: events.mongodb({ op: 'u', after: null }) });
    assert.match(done.kind === 'bad' ? done.reason : '', /capture\.mode=change_streams_update_full/);
  });
});

describe('the tombstone that follows a delete event', () => {
  test('of a table never deletes another document than the event before it, whatever its id is', () => {
    for (const id of ['anne', '"anne"', '17', '"17"', 'true', 'null', '{"a":1}', '[1]', '""']) {
      const ids = [events.mysql({ op: 'd', before: { id } }), null].flatMap((event) => {
        const done = operation({ key: { id }, event });
        return done.kind === 'write' ? [done.model.idKey] : [];
      });
      assert.equal(new Set(ids).size, 1, id);
    }
  });

  const byField = { documentId: { from: 'field', field: 'id' } } as const;
  const cases: readonly (readonly [string, Record<string, unknown>, Partial<PipelineSettings>, string])[] = [
    ['deletes once more, since compaction may have left nothing else', { id: 1004 }, {}, 'delete 1004'],
    ['of MongoDB deletes by the id in the key', { id: JSON.stringify(events.MONGODB_ID) }, {}, `delete ${events.MONGODB_ID.$oid}`],
    ['of a table whose id is a text', { id: 'anne' }, {}, 'delete anne'],
    ['with a key of which nobody knows whether it is a number of MongoDB or the text of a table', { id: '17' }, {}, 'skip'],
    ['with a key of which nobody knows whether it is a text of MongoDB or the text of a table, quotes included', { id: '"anne"' }, {}, 'skip'],
    ['with a key of which nobody knows whether it is a document of MongoDB or the text of a table', { id: '{"a":1}' }, {}, 'skip'],
    ['of a table whose id is a text that begins with a quote', { id: '"anne' }, {}, 'delete "anne'],
    ['with several fields in the key, which is a table', { id: '17', no: 1 }, {}, 'delete 17'],
    ['where a field of the row is the id', { id: 1004 }, byField, 'skip'],
    ['where the place in the source is the version', { id: 1004 }, { version: { by: 'source' } }, 'skip'],
    ['where a field of the row is the version', { id: 1004 }, { version: { by: 'field', field: 'rev' } }, 'skip'],
    ['where deletes are ignored', { id: 1004 }, { deletes: 'ignore' }, 'skip'],
  ]; // prettier-ignore
  for (const [what, key, rules, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      for (const withSchema of [false, true]) {
        assert.equal(outcome(operation({ key, event: null, withSchema }, rules)), expected);
      }
    });
  }
});
