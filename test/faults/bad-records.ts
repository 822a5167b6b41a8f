import type { Message } from 'kafkajs';
import { CANARY } from './canary.js';
import { EXPECT_HEADER } from './oracle/fold.js';

/** Makes a record for the given key. */
export type RecordMaker = (key: string) => Message;

const GOOD = `{"text":"${CANARY}","list":[1,2.5,{"a":null}],"flag":true}`;

let bad: RecordMaker[] | undefined;
let unusual: RecordMaker[] | undefined;

/** More than two hundred kinds of records that can't become a document, each labelled for the oracle. */
export function badRecords(): readonly RecordMaker[] {
  bad ??= [
    ...badValues().map((value): RecordMaker => (key) => ({
      key,
      value,
      headers: { [EXPECT_HEADER]: 'dead-letter' },
    })),
    ...badKeys().map((key): RecordMaker => () => ({
      key,
      value: GOOD,
      headers: { [EXPECT_HEADER]: 'dead-letter' },
    })),
  ];
  return bad;
}

/** Records that look wrong, but must be stored just as they are. */
export function unusualRecords(): readonly RecordMaker[] {
  unusual ??= [
    ...unusualValues().map((value): RecordMaker => (key) => ({ key, value })),
    (key) => ({ key, value: JSON.stringify({ _id: key, text: CANARY }) }),
    () => ({ key: '', value: GOOD }),
    () => ({ key: `${CANARY} é ␞ \u0000 \u2028 😀`, value: GOOD }),
    (key) => ({ key, value: GOOD, headers: { name: 'ignored', other: Buffer.from([0, 255]) } }),
  ];
  return unusual;
}

function badValues(): (string | Buffer)[] {
  return [...cutOff(), ...notUtf8(), ...notObjects(), ...tooDeep(), ...badNumbers(), ...badNames()];
}

function cutOff(): string[] {
  return Array.from({ length: GOOD.length - 1 }, (_, index) => GOOD.slice(0, index + 1));
}

function notUtf8(): Buffer[] {
  const sequences = [[0xff], [0xfe], [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80], [0xf0, 0x80, 0x80, 0x80]]; // prettier-ignore
  const good = Buffer.from(GOOD);
  const places = [0, 1, 5, 12, good.length];
  return sequences.flatMap((bytes) =>
    places.map((place) => Buffer.concat([good.subarray(0, place), Buffer.from(bytes), good.subarray(place)])),
  );
}

function notObjects(): string[] {
  return ['null', 'true', 'false', '0', '-1.5', '"text"', '[]', '[{}]', '""', '', ' ', '\n', 'NaN', 'undefined', '{}{}', '{} x', '{,}', "{'a':1}", '{"a":1,}', '{a:1}', '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":1.}', '{"a":"\t"}', '{"a":"\\x"}', '{"a":tru}', '\uFEFF{}', '/**/{}', '{"a":Infinity}', '{"a"}', '{"a":}', '{:1}', '[1', '{"a":[}']; // prettier-ignore
}

/** A hundred levels are the limit, the document itself is the first. */
function tooDeep(): string[] {
  return [100, 101, 150, 200, 1_000, 5_000].flatMap((levels) => [
    `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`,
    `${'{"a":'.repeat(levels + 1)}1${'}'.repeat(levels + 1)}`,
  ]);
}

function badNumbers(): string[] {
  const numbers = ['9007199254740992', '-9007199254740992', '9007199254740993', '10000000000000001', '9223372036854775807', '18446744073709551616', '1e400', '-1e400', '1e309', '1234567890123456789012345678901234567890']; // prettier-ignore
  return numbers.flatMap((number) => [
    `{"n":${number}}`,
    `{"text":"${CANARY}","deep":{"list":[0,${number}]}}`,
  ]);
}

function badNames(): string[] {
  const surrogates = ['\\ud800', '\\udc00', 'a\\udbffb', '\\ud800\\ud800'];
  return [
    ...surrogates.flatMap((text) => [`{"s":"${text}"}`, `{"a":[{"s":"${text}"}]}`, `{"${text}":1}`]),
    ...['{"a\\u0000b":1}', '{"x":{"\\u0000":1}}', '{"_bsontype":"Long"}', '{"x":{"_bsontype":"ObjectId"}}'],
    ...['{"$set":{"x":1}}', '{"$x":1,"a":2}', '{"$":1}'],
    ...['{}', 'null', '1', '"text"', '[]'].map((value) => `{"a":1,"_kafka":${value}}`),
    ...['"other"', '1', 'null', '{}', '[]', 'true'].map((value) => `{"_id":${value},"a":1}`),
  ];
}

function badKeys(): (Buffer | null)[] {
  return [null, Buffer.from([0xff]), Buffer.from([0x61, 0xc0, 0x80]), Buffer.from([0xed, 0xa0, 0x80])];
}

function unusualValues(): string[] {
  const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${String(index)}`, index]));
  return [
    '{}',
    ' { "a" : 1 } ',
    `{"a":${'['.repeat(99)}${']'.repeat(99)}}`,
    '{"__proto__":{"x":1},"constructor":1,"toString":null}',
    '{"x":{"__proto__":{"y":1},"hasOwnProperty":2}}',
    '{"2":"two","1":"one","b":1,"0":0}',
    '{"a":1,"a":2,"b":3}',
    '{"a.b":1,"x":{"$set":1,"":2,"a.b.c":[]}}',
    '{"":1,"a":{"":{}}}',
    '{"n":9007199254740991,"m":-9007199254740991,"i":2147483648,"j":-2147483649}',
    '{"n":1e21,"m":1e300,"e":5e-324,"z":-0,"f":0.1}',
    '{"s":"\\u0000 \\u2028 \\ud83d\\ude00 é ␞ \\\\ \\" /"}',
    '{"digits":"9007199254740993","more":"1e400"}',
    `{"long":"${CANARY.repeat(2_000)}"}`,
    JSON.stringify(many),
  ];
}
