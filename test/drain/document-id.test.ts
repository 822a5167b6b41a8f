import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Binary, BSON } from 'mongodb';
import type { DocumentIdRule, KeyFormat } from '../../src/config/settings.js';
import type { IdOutcome } from '../../src/drain/id-values.js';
import { createToOperation } from '../../src/drain/operation.js';
import { matchText } from '../../src/mongodb/documents.js';
import { idBy, NOW, pipeline, record, seededRandom } from './builders.js';

const LONE = '\ud800';

function ofKey(key: string | Buffer | null, format: KeyFormat = 'string'): IdOutcome {
  return idBy({ from: 'key', format }, record({ key }), {});
}

function ofField(fields: Record<string, unknown> | null): IdOutcome {
  return idBy({ from: 'field', field: 'orderId' }, record(), fields);
}

function idOf(outcome: IdOutcome): unknown {
  return outcome.kind === 'id' ? outcome.id : outcome.code;
}

describe('the id of the key', () => {
  test('as string is its text, an empty one and a byte order mark included', () => {
    for (const key of ['o-1', '', '\ufeffo-1', 'a\0b', '"quoted"', '😀', 'e\u0301']) {
      assert.equal(idOf(ofKey(key)), key);
    }
  });

  test('as bytes is a copy of its bytes, since the key is a slice of a whole fetch', () => {
    const { key } = record({ key: Buffer.from([0, 0xff, 1]) });
    const id = idOf(idBy({ from: 'key', format: 'bytes' }, record({ key }), null));
    assert.deepEqual(id, Buffer.from([0, 0xff, 1]));
    const slice = Buffer.from('xxo-1xx').subarray(2, 5);
    const copied = idBy({ from: 'key', format: 'bytes' }, { ...record(), key: slice }, null);
    slice.fill(0);
    assert.deepEqual(idOf(copied), Buffer.from('o-1'));
  });

  const jsonKeys: readonly (readonly [string, unknown])[] = [
    ['"o-1"', 'o-1'],
    ['""', ''],
    [' 17 ', 17],
    ['1.0', 1],
    ['1.5', 1.5],
    ['-0', 0],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['true', true],
    ['false', false],
    ['null', 'ID_MISSING'],
    ['9007199254740992', 'UNSAFE_INTEGER'],
    ['-9007199254740992', 'UNSAFE_INTEGER'],
    ['1e300', 'UNSAFE_INTEGER'],
    ['1e400', 'NUMBER_OUT_OF_RANGE'],
    ['-1e400', 'NUMBER_OUT_OF_RANGE'],
    ['[1]', 'ID_NOT_SCALAR'],
    ['{"a":1}', 'ID_NOT_SCALAR'],
    ['"\\ud800"', 'LONE_SURROGATE'],
    ['NaN', 'NOT_JSON'],
    ['o-1', 'NOT_JSON'],
    ['', 'NOT_JSON'],
  ];
  for (const [key, id] of jsonKeys) {
    test(`as json of ${key || 'nothing'} is ${JSON.stringify(id)}`, () => {
      assert.ok(Object.is(idOf(ofKey(key, 'json')), id));
    });
  }

  test('is missing without a key, in every format', () => {
    for (const format of ['string', 'bytes', 'json'] as const) {
      assert.equal(idOf(ofKey(null, format)), 'ID_MISSING');
    }
  });

  test('must be UTF-8 where it is text', () => {
    const key = Buffer.from([0x6f, 0xff]);
    assert.equal(idOf(ofKey(key, 'string')), 'NOT_UTF8');
    assert.equal(idOf(ofKey(key, 'json')), 'NOT_UTF8');
    assert.deepEqual(idOf(ofKey(key, 'bytes')), key);
  });
});

describe('the id of a field', () => {
  const values: readonly (readonly [string, unknown, unknown])[] = [
    ['a text', 'o-1', 'o-1'],
    ['a number', 17, 17],
    ['a boolean', false, false],
    ['null', null, 'ID_MISSING'],
    ['an array', [1], 'ID_NOT_SCALAR'],
    ['an object', { a: 1 }, 'ID_NOT_SCALAR'],
    ['a large float', 1e300, 'UNSAFE_INTEGER'],
    ['a lone surrogate', LONE, 'LONE_SURROGATE'],
    ['NaN', Number.NaN, 'NUMBER_OUT_OF_RANGE'],
  ];
  for (const [what, value, id] of values) {
    test(`that holds ${what} is ${JSON.stringify(id)}`, () => {
      assert.equal(idOf(ofField({ other: 1, orderId: value })), id);
    });
  }

  test('is missing where the value has no such field of its own', () => {
    assert.equal(idOf(ofField({ orderid: 'o-1' })), 'ID_MISSING');
    const rule: DocumentIdRule = { from: 'field', field: 'constructor' };
    assert.equal(idOf(idBy(rule, record(), {})), 'ID_MISSING');
  });

  test('is missing for a tombstone', () => {
    assert.equal(idOf(ofField(null)), 'TOMBSTONE_WITHOUT_ID');
  });
});

describe('the id of the coordinates', () => {
  const at = record({ topic: 'orders', partition: 3, offset: 1042n, key: null });
  test('is topic, partition and offset', () => {
    assert.equal(idOf(idBy({ from: 'coordinates' }, at, {})), 'orders-3-1042');
  });

  test('names the epoch from the second on, so that a new log has new ids', () => {
    assert.equal(idOf(idBy({ from: 'coordinates' }, at, {}, 2)), 'orders@2-3-1042');
  });
});

describe('an _id that a value brings beside a document id of bytes', () => {
  const bytes = Buffer.from([0, 255, 7]);
  const bring = (own: unknown) => {
    const transform = () => ({ kind: 'fields', fields: { _id: own, n: 1 } }) as const;
    const rules = pipeline({ documentId: { from: 'key', format: 'bytes' } });
    const done = createToOperation(rules, NOW, { transform })(record({ key: bytes }));
    assert.ok(!(done instanceof Promise));
    return done.kind === 'bad' ? done.code : done.kind;
  };

  for (const [what, own, expected] of [
    ['the same bytes in a Buffer', Buffer.from(bytes), 'write'],
    ['the same bytes in a Uint8Array', new Uint8Array(bytes), 'write'],
    ['the same bytes in a Binary', new Binary(bytes), 'write'],
    ['other bytes', Buffer.from([0, 255, 8]), 'ID_MISMATCH'],
    ['the same bytes of another subtype', new Binary(bytes, 5), 'ID_MISMATCH'],
    ['the same bytes as hexadecimal digits', bytes.toString('hex'), 'ID_MISMATCH'],
  ] as const) {
    test(`${what}: ${expected}`, () => {
      assert.equal(bring(own), expected);
    });
  }

  test('is the same in a value of BSON', () => {
    const rules = pipeline({ documentId: { from: 'key', format: 'bytes' }, value: 'bson' });
    const value = Buffer.from(BSON.serialize({ _id: new Binary(bytes), n: 1 }));
    const done = createToOperation(rules, NOW)(record({ key: bytes, value }));
    assert.ok(done.kind === 'write' && done.model.kind === 'upsert');
    assert.deepEqual(Object.keys(done.model.fields), ['n']);
  });
});

test('no reason tells what is in the record', () => {
  const outcomes = [
    ofKey('["secret"]', 'json'),
    ofKey('secret', 'json'),
    ofField({ orderId: ['secret'] }),
    ofField({ orderId: `secret${LONE}` }),
  ];
  for (const outcome of outcomes) assert.ok(outcome.kind === 'bad' && !outcome.reason.includes('secret'));
});

describe('idKey', () => {
  /** How the `_id` index sees an id: numbers by value whatever their type, everything else by type and bytes. */
  function indexKey(id: unknown): string {
    if (typeof id === 'number') return `number ${String(id + 0)}`;
    return Buffer.from(BSON.serialize({ _id: id })).toString('hex');
  }

  const random = seededRandom(7);
  const texts = [
    '1',
    '1.0',
    '-0',
    '0',
    'true',
    'false',
    'null',
    '',
    ' ',
    '"1"',
    '"true"',
    '"o"',
    'o',
    'é',
    'e\u0301',
    'x:31',
    'x0:31',
    'x255:31',
    's:1',
    's:n:1',
    'n:1',
    'b:true',
    'd:0',
    'order:1',
  ];
  const outcomes: IdOutcome[] = [
    ...texts.flatMap((text) => (['string', 'bytes', 'json'] as const).map((format) => ofKey(text, format))),
    ...[0, -0, 1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, '0', '1', true, 'true'].map((value) =>
      ofField({ orderId: value }),
    ),
    ...[new Date(0), new Binary(Buffer.from('1'), 255)].map((value) => ofField({ orderId: value })),
    ...Array.from({ length: 300 }, () =>
      ofKey(Buffer.from([random() * 4, random() * 4].map(Math.floor)), 'bytes'),
    ),
    ...Array.from({ length: 300 }, () =>
      ofKey(String(Math.floor(random() * 60) / 2), random() < 0.5 ? 'json' : 'string'),
    ),
  ];
  const ids = outcomes.filter((outcome) => outcome.kind === 'id');

  test('is equal exactly where the ids are one to MongoDB', () => {
    const byIndex = new Map<string, Set<string>>();
    const byIdKey = new Map<string, Set<string>>();
    for (const { id, idKey } of ids) {
      add(byIndex, indexKey(id), idKey);
      add(byIdKey, idKey, indexKey(id));
    }
    assert.ok(byIndex.size > 60, `only ${String(byIndex.size)} different ids`);
    for (const [index, idKeys] of byIndex)
      assert.equal(idKeys.size, 1, `${index}: ${[...idKeys].join(' and ')}`);
    for (const [idKey, indexes] of byIdKey)
      assert.equal(indexes.size, 1, `${idKey}: ${[...indexes].join(' and ')}`);
    for (const { id, idKey } of ids)
      assert.equal(matchText(id), idKey, 'an id that comes back from the server has the same');
  });

  function add(map: Map<string, Set<string>>, key: string, value: string): void {
    map.set(key, (map.get(key) ?? new Set()).add(value));
  }
});
