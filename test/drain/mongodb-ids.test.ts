import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation, type Operation } from '../../src/drain/operation.js';
import { NOW, pipeline, record } from './builders.js';
import * as events from './debezium-events.js';

const EVENTS: Partial<PipelineSettings> = {
  envelope: 'debezium',
  documentId: { from: 'keyField', field: 'id', format: 'json' },
};

function turned(rules: Partial<PipelineSettings>, key: string, value: string | null): Operation {
  return createToOperation(pipeline(rules), NOW)(record({ key, value }));
}

/** The id in canonical extended JSON and its `idKey`, or the fault. */
function idIn(done: Operation): string {
  if (done.kind !== 'write') return done.kind === 'bad' ? done.code : done.kind;
  return `${BSON.EJSON.stringify(done.model.id, { relaxed: false })} ${done.model.idKey}`;
}

/** As Debezium writes them, in JsonMode.STRICT of the Java driver. */
const IDS: [string, string, string][] = [
  ['a text', '"a"', '"a" a'],
  ['a double', '2.0', '{"$numberInt":"2"} n:2'],
  ['a UUID', '{"$binary": "yO2rw/c4TKO2jauSqRR4ow==", "$type": "04"}', '{"$binary":{"base64":"yO2rw/c4TKO2jauSqRR4ow==","subType":"04"}} x4:c8edabc3f7384ca3b68dab92a91478a3'],
  ['bytes', '{"$binary": "AQI=", "$type": "00"}', '{"$binary":{"base64":"AQI=","subType":"00"}} x0:0102'],
  ['a date before 1970', '{"$date": -86400000}', '{"$date":{"$numberLong":"-86400000"}} d:-86400000'],
  ['an object', '{"a": 1, "b": {"$numberLong": "2"}, "c": {"d": null}}', '{"a":{"$numberInt":"1"},"b":{"$numberLong":"2"},"c":{"d":null}} c:1:a3:n:11:b3:n:21:c9:c:1:d2:z:'],
]; // prettier-ignore

describe('the _id of a document of MongoDB', () => {
  for (const [what, text, expected] of IDS) {
    test(`may be ${what}: of an upsert and of a delete it is the same`, () => {
      const key = events.keyText({ id: text });
      const after = `{"_id": ${text}, "n": 1}`;
      const upsert = turned(EVENTS, key, events.eventText(events.mongodb({ after })));
      const gone = turned(EVENTS, key, events.eventText(events.mongodb({ op: 'd' })));
      assert.deepEqual([idIn(upsert), idIn(gone)], [expected, expected]);
    });

    test(`may be ${what} in extended JSON`, () => {
      const rules = { value: 'extended-json', documentId: { from: 'field', field: '_id' } } as const;
      assert.equal(idIn(turned(rules, '', `{"_id": ${text}, "n": 1}`)), expected);
    });
  }

  for (const [what, text, code] of [
    ['an array', '[1]', 'ID_NOT_SCALAR'],
    ['an object with an array', '{"a": [1]}', 'ID_NOT_SCALAR'],
    ['an object with an operator', '{"a": 1, "$b": 1}', 'ID_NOT_SCALAR'],
    ['an object with a number as a name, which would come first', '{"b": 1, "2": 1}', 'ID_NOT_SCALAR'],
    ['a timestamp', '{"$timestamp": {"t": 1, "i": 2}}', 'ID_NOT_SCALAR'],
    ['a decimal with a fraction', '{"$numberDecimal": "1.5"}', 'ID_NOT_SCALAR'],
    ['NaN', 'NaN', 'NUMBER_OUT_OF_RANGE'],
  ] as const) {
    test(`cannot be ${what}: ${code}`, () => {
      const event = events.mongodb({ after: `{"_id": ${text}, "n": 1}` });
      assert.equal(idIn(turned(EVENTS, events.keyText({ id: text }), events.eventText(event))), code);
    });
  }

  test('of a tombstone is told from a text of a table where it is spelled out', () => {
    const of = (id: string) => idIn(turned(EVENTS, events.keyText({ id }), null));
    assert.equal(of('{"$date": -5}'), '{"$date":{"$numberLong":"-5"}} d:-5');
    assert.equal(of('{"a": 1}'), 'skip');
  });

  test('is no object in JSON, whose fields are in any order', () => {
    const rules = { documentId: { from: 'field', field: 'id' } } as const;
    assert.equal(idIn(turned(rules, '', '{"id":{"a":1}}')), 'ID_NOT_SCALAR');
  });
});

describe('a change event of a table without a primary key', () => {
  const value = events.eventText(events.mysql());
  const idOf = (documentId: PipelineSettings['documentId']): string => {
    const done = createToOperation(pipeline({ ...EVENTS, documentId }), NOW)(record({ key: null, value }));
    return done.kind === 'write' ? JSON.stringify(done.model.id) : done.kind === 'bad' ? done.code : 'skip';
  };

  test('has no id of the key, but one of the row, or of its coordinates', () => {
    assert.equal(idOf({ from: 'keyFields', fields: ['id'], format: 'json' }), 'ID_MISSING');
    const fields = ['last_name', 'first_name'];
    assert.equal(idOf({ from: 'fields', fields }), '{"last_name":"Kretchmar","first_name":"Anne"}');
    assert.match(idOf({ from: 'coordinates' }), /^"orders-\d+-\d+"$/);
  });
});

describe('a document in a change event of MongoDB', () => {
  // what the Java driver 4.7.2 writes in JsonMode.STRICT
  const after =
    '{"_id": 1, "bin": {"$binary": "AQI=", "$type": "00"}, "date": {"$date": -86400000}, "late": {"$date": 253402300800000}, ' +
    '"long": {"$numberLong": "5"}, "dbl": 2.0, "big": 1.0E300, "nan": NaN, "inf": -Infinity, "dec": {"$numberDecimal": "1.10"}, ' +
    '"re": {"$regex": "a", "$options": ""}, "sym": {"$symbol": "s"}, "und": {"$undefined": true}, ' +
    '"ts": {"$timestamp": {"t": 4294967295, "i": 2}}, "min": {"$minKey": 1}, "code": {"$code": "f", "$scope": {"a": 1}}, ' +
    '"ptr": {"$ref": "c", "$id": {"$oid": "6b0ac61bcae6f716511a44d2"}}, "int": 3, "neg0": -0.0}';

  test('has every value with its type, as the connector for MongoDB writes them', () => {
    const done = turned(EVENTS, events.keyText({ id: '1' }), events.eventText(events.mongodb({ after })));
    assert.ok(done.kind === 'write' && done.model.kind === 'upsert');
    assert.equal(
      BSON.EJSON.stringify(done.model.fields, { relaxed: false }),
      '{"bin":{"$binary":{"base64":"AQI=","subType":"00"}},"date":{"$date":{"$numberLong":"-86400000"}},' +
        '"late":{"$date":{"$numberLong":"253402300800000"}},"long":{"$numberLong":"5"},"dbl":{"$numberDouble":"2.0"},' +
        '"big":{"$numberDouble":"1e+300"},"nan":{"$numberDouble":"NaN"},"inf":{"$numberDouble":"-Infinity"},' +
        '"dec":{"$numberDecimal":"1.10"},"re":{"$regularExpression":{"pattern":"a","options":""}},"sym":{"$symbol":"s"},' +
        '"und":null,"ts":{"$timestamp":{"t":4294967295,"i":2}},"min":{"$minKey":1},' +
        '"code":{"$code":"f","$scope":{"a":{"$numberInt":"1"}}},' +
        '"ptr":{"$ref":"c","$id":{"$oid":"6b0ac61bcae6f716511a44d2"}},"int":{"$numberInt":"3"},"neg0":{"$numberDouble":"-0.0"}}',
    );
  });
});
