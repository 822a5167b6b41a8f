import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { readExtendedJson } from '../../src/mongodb/extended-json.js';

/** The stored form of the value of a text, in canonical extended JSON, or the fault. */
function read(text: string): string {
  const done = readExtendedJson(`{"v": ${text}}`);
  if (done.kind === 'fault') return done.fault;
  const stored = BSON.deserialize(BSON.serialize(done.value as BSON.Document), {
    promoteValues: false,
    promoteBuffers: false,
  });
  return BSON.EJSON.stringify(stored['v'], { relaxed: false });
}

const ID = '596e275826f08b2730779e1f';
const UUID = 'c8edabc3-f738-4ca3-b68d-ab92a91478a3';
const UUID_BASE64 = 'yO2rw/c4TKO2jauSqRR4ow==';
const asUuid = `{"$binary":{"base64":"${UUID_BASE64}","subType":"04"}}`;
const asBytes = '{"$binary":{"base64":"AQI=","subType":"00"}}';
const asDate = (milliseconds: string) => `{"$date":{"$numberLong":"${milliseconds}"}}`;
const asRegExp = '{"$regularExpression":{"pattern":"a","options":"i"}}';

/** Told by MongoDB's Java driver 4.7.2, whose reader the sink connector 2.0.1 uses, but where it says otherwise. */
const NUMBERS: [string, string][] = [
  ['1', '{"$numberInt":"1"}'],
  ['-2147483648', '{"$numberInt":"-2147483648"}'],
  ['2147483648', '{"$numberLong":"2147483648"}'],
  ['3000000000', '{"$numberLong":"3000000000"}'],
  ['9007199254740993', '{"$numberLong":"9007199254740993"}'],
  ['-9223372036854775808', '{"$numberLong":"-9223372036854775808"}'],
  ['-0', '{"$numberInt":"0"}'],
  ['2.0', '{"$numberDouble":"2.0"}'],
  ['1e3', '{"$numberDouble":"1000.0"}'],
  ['1E+3', '{"$numberDouble":"1000.0"}'],
  ['3000000000.0', '{"$numberDouble":"3000000000.0"}'],
  ['-0.0', '{"$numberDouble":"-0.0"}'],
  ['NaN', '{"$numberDouble":"NaN"}'],
  ['Infinity', '{"$numberDouble":"Infinity"}'],
  ['[-Infinity, 2.50]', '[{"$numberDouble":"-Infinity"},{"$numberDouble":"2.5"}]'],
  ['{"$numberInt": "7"}', '{"$numberInt":"7"}'],
  ['{"$numberLong": "7"}', '{"$numberLong":"7"}'],
  ['{"$numberDouble": "7"}', '{"$numberDouble":"7.0"}'],
  ['{"$numberDouble": "-Infinity"}', '{"$numberDouble":"-Infinity"}'],
  ['{"$numberDecimal": "1.10"}', '{"$numberDecimal":"1.10"}'],
];

const FORMS: [string, string][] = [
  ['{"$binary": "AQI=", "$type": "00"}', asBytes],
  ['{"$type": "0", "$binary": "AQI="}', asBytes],
  ['{"$binary": "AQI=", "$type": 0}', asBytes],
  ['{"$binary": {"base64": "AQI=", "subType": "00"}}', asBytes],
  [`{"$binary": "${UUID_BASE64}", "$type": "04"}`, asUuid],
  [`{"$uuid": "${UUID}"}`, asUuid],
  ['{"$date": -86400000}', asDate('-86400000')],
  ['{"$date": 0}', asDate('0')],
  ['{"$date": 253402300800000}', asDate('253402300800000')],
  ['{"$date": {"$numberLong": "-5"}}', asDate('-5')],
  ['{"$date": "1970-01-02T01:00:00.001+01:00"}', asDate('86400001')],
  ['{"$timestamp": {"t": 4294967295, "i": 2}}', '{"$timestamp":{"t":4294967295,"i":2}}'],
  ['{"$regex": "a", "$options": "i"}', asRegExp],
  ['{"$options": "i", "$regex": "a"}', asRegExp],
  ['{"$regularExpression": {"pattern": "a", "options": "i"}}', asRegExp],
  ['{"$symbol": "s"}', '{"$symbol":"s"}'],
  ['{"$minKey": 1}', '{"$minKey":1}'],
  ['{"$maxKey": 1}', '{"$maxKey":1}'],
  ['{"$code": "f"}', '{"$code":"f"}'],
  ['{"$code": "f", "$scope": {"a": 1}}', '{"$code":"f","$scope":{"a":{"$numberInt":"1"}}}'],
  [`{"$oid": "${ID}"}`, `{"$oid":"${ID}"}`],
  // as MongoDB's own driver for Node reads the two that nobody writes any more
  ['{"$undefined": true}', 'null'],
  [`{"$dbPointer": {"$ref": "c", "$id": {"$oid": "${ID}"}}}`, `{"$ref":"c","$id":{"$oid":"${ID}"}}`],
];

const LOOKALIKES: [string, string][] = [
  ['{"x": "y", "$oid": "a"}', '{"x":"y","$oid":"a"}'],
  ['{"$regex": "a"}', '{"$regex":"a"}'],
  ['{"$binary": "AQI="}', '{"$binary":"AQI="}'],
  ['{"$type": "string"}', '{"$type":"string"}'],
  ['{"$foo": true}', '{"$foo":true}'],
  ['"2.0, NaN: 1e3"', '"2.0, NaN: 1e3"'],
  ['[null, true, {}, [], "#", ":2.0"]', '[null,true,{},[],"#",":2.0"]'],
];

describe('extended JSON', () => {
  for (const [text, stored] of NUMBERS) {
    test(`the number ${text} keeps the type it is written with`, () => assert.equal(read(text), stored));
  }
  for (const [text, stored] of FORMS) {
    test(`${text} is a value of BSON's own`, () => assert.equal(read(text), stored));
  }
  for (const [text, stored] of LOOKALIKES) {
    test(`${text} is what it looks like`, () => assert.equal(read(text), stored));
  }

  for (const text of [
    '{"$oid": 1}',
    '{"$oid": "596e"}',
    `{"$oid": "${ID}", "x": 1}`,
    '{"$numberLong": 5}',
    '{"$numberLong": "5.0"}',
    '{"$numberInt": "5", "x": 1}',
    '{"$numberDouble": 2.5}',
    '{"$numberDouble": "x"}',
    '{"$numberDecimal": "x"}',
    `{"$numberDecimal": "${'1'.repeat(6_800)}x"}`,
    '{"$date": "2026-02-29T00:00:00Z"}',
    '{"$date": 1.5}',
    '{"$date": "yesterday"}',
    '{"$date": "2026-01-31T00:00:00"}',
    '{"$timestamp": {"t": 1}}',
    '{"$timestamp": {"t": -1, "i": 1}}',
    '{"$undefined": false}',
    '{"$minKey": 2}',
    '{"$uuid": "x"}',
    '{"$symbol": 1}',
    '{"$code": "f", "x": 1}',
    '{"$code": "f", "$scope": [1]}',
    '{"$code": "f", "$scope": {"$oid": "65a000000000000000000001"}}',
    '{"$binary": {"base64": "A", "subType": "00"}}',
    '{"$dbPointer": "c"}',
    '01.5',
    '1.',
    '.5',
    '1.5.5',
    '+Infinity',
    'NaNNaN',
    '1NaN',
    '{1.5: 1}',
    '{NaN: 1}',
    'NumberLong(3)',
    "'a'",
    '1.5 2.5',
  ]) {
    test(`${text} is no extended JSON`, () => assert.equal(read(text), 'NOT_JSON'));
  }

  for (const [text, fault] of [
    ['9223372036854775808', 'OUT_OF_RANGE'],
    ['-9223372036854775809', 'OUT_OF_RANGE'],
    ['{"$numberLong": "9223372036854775808"}', 'OUT_OF_RANGE'],
    ['{"$numberInt": "2147483648"}', 'OUT_OF_RANGE'],
    ['1e400', 'OUT_OF_RANGE'],
    ['{"$date": 8640000000000001}', 'OUT_OF_RANGE'],
    ['"\\ud800"', 'LONE_SURROGATE'],
    ['{"\\ud800": 1}', 'LONE_SURROGATE'],
  ] as const) {
    test(`${text} is ${fault}`, () => assert.equal(read(text), fault));
  }

  test('whatever the driver writes is read as it was, in each of its modes', () => {
    const document = {
      double: new BSON.Double(2),
      long: BSON.Long.fromString('9007199254740993'),
      date: new Date(-86_400_000),
      id: new BSON.ObjectId(ID),
      uuid: new BSON.UUID(UUID),
      decimal: BSON.Decimal128.fromString('1E+3'),
      list: [new BSON.Int32(1), new BSON.Timestamp({ t: 1, i: 2 }), new BSON.MinKey(), null, 'x'],
      code: new BSON.Code('f', { a: new BSON.Int32(1) }),
      symbol: new BSON.BSONSymbol('s'),
      regExp: new BSON.BSONRegExp('a', 'i'),
    };
    const written = BSON.EJSON.stringify(document, { relaxed: false });
    const done = readExtendedJson(written);
    assert.ok(done.kind === 'value');
    assert.equal(BSON.EJSON.stringify(done.value, { relaxed: false }), written);
    assert.deepEqual(
      Buffer.from(BSON.serialize(done.value as BSON.Document)),
      Buffer.from(BSON.serialize(document)),
    );
  });
});
