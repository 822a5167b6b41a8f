import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  BSON,
  BSONRegExp,
  Binary,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation, type Operation } from '../../src/drain/operation.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { isItem, prepare } from '../../src/mongodb/documents.js';
import { createBsonPassage } from '../../src/mongodb/raw-bson.js';
import { toInserts } from '../../src/mongodb/raw-documents.js';
import { RawUpsert } from '../../src/mongodb/raw-upsert.js';
import { createFuzzer, type Fuzzer } from '../fuzz/records.js';
import { bsonOf } from '../support/bson.js';
import { amongOthers } from './among-others.js';
import { pipeline, record } from './builders.js';

const PURGE_AT = new Date(Date.UTC(2026, 0, 8));

interface Turned {
  operation: Operation;
  isRaw: boolean;
  /** What would be sent, in hexadecimal digits, or why nothing can be. */
  outcome: string;
}

/** The step record → operation, once with everything parsed, once with what can be taken as it is. */
function turns(rules: Partial<PipelineSettings> = {}): Record<'parsed' | 'taken', (value: Buffer) => Turned> {
  const settings = pipeline({ value: 'bson', ...rules });
  const transcoder = createBsonPassage(settings.recordLimits);
  const turn =
    (step: (kafkaRecord: KafkaRecord) => Operation | Promise<Operation>, recordOf: typeof record) =>
    (value: Buffer) => {
      const operation = step(recordOf({ value, timestampMs: 1_790_000_000_123 }));
      assert.ok(!(operation instanceof Promise));
      return turnedOf(operation);
    };
  return {
    parsed: turn(createToOperation(settings, PURGE_AT), record),
    taken: turn(createToOperation(settings, PURGE_AT, { transcoder }), amongOthers),
  };
}

function turnedOf(operation: Operation): Turned {
  if (operation.kind !== 'write')
    return { operation, isRaw: false, outcome: operation.kind === 'bad' ? operation.code : operation.kind };
  const item = prepare(operation.model);
  const isRaw = operation.model instanceof RawUpsert;
  const outcome = isItem(item) ? Buffer.from(toInserts([item]).toBin()).toString('hex') : item.code;
  return { operation, isRaw, outcome };
}

function bson(fields: object): Buffer {
  return Buffer.from(BSON.serialize(fields, { ignoreUndefined: false }));
}

const SCALARS: readonly unknown[] = [
  'text', '', 'é😀', 'x'.repeat(100), 'é'.repeat(60), true, false, null, new Int32(-7), new Double(1.5), new Double(-0), new Double(NaN), Long.fromString('9007199254740993'),
  Decimal128.fromString('1.10'), new Date(0), new Date(8.64e15), new ObjectId('65a000000000000000000001'), new Timestamp({ t: 5, i: 6 }), new MinKey(), new MaxKey(),
  new Binary(Buffer.from([0, 1, 2])), new Binary(Buffer.alloc(16, 7), 4), new Binary(Buffer.from([9]), 200), new Binary(Buffer.alloc(0)),
]; // prettier-ignore

/** Types that the driver reads as something else, or looks into: the parser's. */
const LEFT: readonly unknown[] = [
  new BSONRegExp('a/b', 'x'),
  new Code('f'),
  new Code('f', { a: 1 }),
  new Binary(Buffer.from([1]), 2),
];

function randomValue(fuzzer: Fuzzer, depth: number): unknown {
  if (depth === 0 || fuzzer.chance(0.5)) return fuzzer.pick(SCALARS);
  const items = Array.from({ length: fuzzer.below(14) }, () => randomValue(fuzzer, depth - 1));
  if (fuzzer.chance(0.4)) return items;
  return Object.fromEntries(items.map((item, at) => [`${fuzzer.pick(['', 'a', 'é', '$', '_', 'a.b'])}x${String(at)}`, item]));
} // prettier-ignore

function randomDocument(fuzzer: Fuzzer, depth = 3): Buffer {
  const names = ['status', 'é', '_x', 'a.b', '', 'lines', '$late'];
  const first = fuzzer.chance(0.3) ? { _id: 'o-1' } : {};
  return bson({ ...first, ...Object.fromEntries(names.map((name) => [name, randomValue(fuzzer, depth)])) });
}

describe('a value that is BSON is stored as it is', () => {
  test('byte for byte as the driver would write it, whatever is in it', () => {
    const fuzzer = createFuzzer(5);
    const { parsed, taken } = turns();
    for (let round = 0; round < 300; round += 1) {
      const value = randomDocument(fuzzer);
      const { isRaw, outcome } = taken(value);
      assert.ok(isRaw);
      assert.equal(outcome, parsed(value).outcome);
    }
  });

  test('in the order of its names, numbers too', () => {
    const nested = renamed(renamed(bson({ a: [{ x: 1, aa: 2, bb: 3 }] }), 'aa', '22'), 'bb', '11');
    const names = bsonOf(['z', 1], ['10', 2], ['9', 3], ['at', 5]);
    for (const value of [nested, names, bsonOf(['_id', 'o-1'], ['7', 1], ['3', 1])]) {
      const { isRaw, outcome } = turns().taken(value);
      assert.ok(isRaw);
      assert.ok(outcome.includes(withoutOwnId(value).toString('hex')));
    }
  });

  test('with a reference that the driver would write otherwise', () => {
    for (const reference of [{ $ref: 'fs.files', $id: 1 }, { x: 1, $ref: 'c', $id: 1 }, { $ref: 'c' }]) {
      const value = bson({ a: reference });
      assert.ok(turns().taken(value).outcome.includes(value.subarray(4, -1).toString('hex')));
    }
  });
}); // prettier-ignore

/** The elements of a value whose `_id`, if it has one, is "o-1". */
function withoutOwnId(value: Buffer): Buffer {
  const own = bson({ _id: 'o-1' }).subarray(4, -1);
  const elements = value.subarray(4, -1);
  return elements.indexOf(own) === 0 ? elements.subarray(own.length) : elements;
}

describe('a value that is BSON is left to the parser', () => {
  const left: Record<string, Buffer> = {
    ...Object.fromEntries(LEFT.map((value, at) => [`with a type of its own (${String(at)})`, bson({ a: [value] })])),
    'with equal names': bsonOf(['z', 1], ['at', 5], ['z', 4]),
    'with equal names further within': renamed(bson({ a: [{ aa: 1, bb: 2 }] }), 'bb', 'aa'),
    'with more than 64 names': bson(Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${String(at)}`, 1]))),
    'with an _id behind other fields': bsonOf(['a', 1], ['_id', 'o-1']),
    'with two ids': bsonOf(['_id', 'o-1'], ['_id', 'o-1']),
    'with the reserved field': bsonOf(['a', 1], ['_kafka', 1]),
    'with a first name like an operator': bsonOf(['$set', 1]),
    'with a first name like an operator behind its id': bsonOf(['_id', 'o-1'], ['$set', 1]),
    'with what is undefined': withType(bson({ a: null }), 0x06),
    'with the driver’s own name': renamed(bson({ a: { xbsontype: 'x' } }), 'xbsontype', '_bsontype'),
    'with too many levels': bson({ a: nestedIn(101) }),
    'with too many keys': bson(Object.fromEntries(Array.from({ length: pipeline().recordLimits.maxKeys + 1 }, (_, at) => [`k${String(at)}`, 1]))),
    'with a date that JavaScript has not': bsonWithDate(2n ** 62n),
    'with a timestamp of zero, for which the server puts its time': bson({ a: new Timestamp(0n) }),
    'that is cut off': bson({ a: 'text' }).subarray(0, -1),
    'with more behind it': Buffer.concat([bson({ a: 1 }), Buffer.of(0)]),
    'that is empty': Buffer.alloc(0),
    'that is none': Buffer.from('{"a":1}'),
  }; // prettier-ignore
  for (const [what, value] of Object.entries(left)) {
    test(what, () => {
      const { parsed, taken } = turns();
      const { isRaw, outcome } = taken(value);
      assert.equal(isRaw, false);
      assert.equal(outcome, parsed(value).outcome);
    });
  }

  test('wherever it is damaged, unless it is sound again', () => {
    const fuzzer = createFuzzer(9);
    const { taken } = turns();
    let refused = 0;
    for (let round = 0; round < 10_000; round += 1) {
      const value = Buffer.from(randomDocument(fuzzer, 1));
      value[fuzzer.below(value.length)] = fuzzer.pick([0, 1, 2, 3, 4, 5, 0x7f, 0xff, fuzzer.below(256)]);
      if (!taken(value).isRaw) refused += 1;
      // the driver is strict as well
      else assert.doesNotThrow(() => BSON.deserialize(value, { promoteValues: false }), value.toString('hex'));
    }
    assert.ok(refused > 3_000, String(refused));
  }); // prettier-ignore
});

function nestedIn(levels: number): object {
  return levels === 0 ? {} : { a: nestedIn(levels - 1) };
}

function renamed(value: Buffer, from: string, to: string): Buffer {
  value.write(to, value.indexOf(from));
  return value;
}

/** Of a document's only field. */
function withType(value: Buffer, type: number): Buffer {
  value[4] = type;
  return value;
}

function bsonWithDate(milliseconds: bigint): Buffer {
  const value = bson({ a: new Date(0) });
  value.writeBigInt64LE(milliseconds, value.length - 9);
  return value;
}

describe('the id and the version of a value that is BSON are what they would have been', () => {
  const rules: Partial<PipelineSettings>[] = [
    { documentId: { from: 'field', field: '_id' } },
    { documentId: { from: 'field', field: 'no' } },
    { documentId: { from: 'fields', fields: ['no', 'shop'] } },
    { version: { by: 'field', field: 'no' }, deletes: 'ignore' },
    { documentId: { from: 'coordinates' } },
  ];
  const ids: readonly unknown[] = ['o-1', 'o-2', new Int32(5), new Double(5), Long.fromNumber(5), new ObjectId('65a000000000000000000001'), { shop: 'a', no: 1 }, new Date(5), null, [1], true]; // prettier-ignore
  for (const rule of rules) {
    test(JSON.stringify(rule), () => {
      const { parsed, taken } = turns(rule);
      for (const _id of ids)
        for (const no of ids)
          for (const value of [bson({ _id, no, shop: 'x' }), bson({ no, shop: 'x' }), bson({ shop: 'x', no })])
            assert.equal(taken(value).outcome, parsed(value).outcome, value.toString('latin1'));
    }); // prettier-ignore
  }
});
