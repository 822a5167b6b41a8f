import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, type Binary } from 'mongodb';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation } from '../../src/drain/operation.js';
import { createWriteBatch } from '../../src/drain/write-batch.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import type { Schemas } from '../../src/registry/schemas.js';
import { NOW, pipeline, record } from '../drain/builders.js';
import { openTarget, type Target } from '../mongodb/target.js';
import { FORMATS, readFixtures, schemasOf, sourceOf } from '../registry/fixtures.js';
import { stackFromEnvironment } from '../support/stack.js';
import { createFuzzer, fuzzedCopy, fuzzedJson, ownBytes, type Fuzzed } from './records.js';

const NEVER = new AbortController().signal;
const MAX_KEYS = 1_000;
const BATCH = 500;
const POISON = Buffer.from('{"broken');

/** At the first, a middle and the last place of a batch, whatever else is in it. */
function withPoison(batch: Fuzzed[]): Fuzzed[] {
  for (const place of [0, Math.floor(batch.length / 2), batch.length - 1]) {
    const { offset } = batch[place]?.record ?? assert.fail();
    batch[place] = {
      record: record({ offset, key: `id${String(offset)}`, value: POISON }),
      verdict: { is: 'bad' },
    };
  }
  return batch;
}

/** Drains the records as a pipeline does, batch by batch, into a real server. */
async function drainInto(
  target: Target,
  rules: Partial<PipelineSettings>,
  all: Fuzzed[],
  schemas: Schemas | null,
) {
  const settings = pipeline({
    recordLimits: { maxBytes: 2 ** 20, maxDepth: 100, maxKeys: MAX_KEYS },
    ...rules,
  });
  const toOperation = createToOperation(settings, NOW, { schemas });
  const writeBatch = createWriteBatch({
    sink: target.sink,
    toOperation,
    pipeline: settings,
    run: { workflowId: 'w', runId: 'r' },
  });
  let deadLettered = 0;
  for (let from = 0; from < all.length; from += BATCH) {
    const records = all.slice(from, from + BATCH).map((fuzzed) => fuzzed.record);
    const { handled, books } = await writeBatch(records, NEVER);
    const { read, ...outcomes } = books.counts;
    assert.deepEqual([handled, read], [records.length, records.length]);
    assert.equal(
      Object.values(outcomes).reduce((sum, count) => sum + count, 0),
      read,
      'the books balance',
    );
    deadLettered += outcomes.deadLettered;
  }
  return deadLettered;
}

interface Letter {
  offset: bigint;
  code: string;
  reason: string;
  key: Binary | null;
  value: Binary | null;
  headers: { name: string; value: Binary | null }[];
}

async function lettersOf(target: Target): Promise<Map<bigint, Letter>> {
  const letters = (await target.deadLetters()) as unknown as Letter[];
  return new Map(letters.map((letter) => [letter.offset, letter]));
}

function assertComplete({ key, value, headers }: Letter, read: KafkaRecord): void {
  const hex = (bytes: Binary | Buffer | null): string | null =>
    bytes === null ? null : Buffer.isBuffer(bytes) ? bytes.toString('hex') : bytes.toString('hex');
  assert.deepEqual([hex(key), hex(value)], [hex(read.key), hex(read.value)]);
  assert.deepEqual(
    headers.map((header) => [header.name, hex(header.value)]),
    read.headers.map((header) => [header.name, hex(header.value)]),
  );
}

/** Documents by id, as they lie on the server. */
async function storedIn({ collection }: Target): Promise<Map<string, BSON.Document>> {
  const raw = (await collection.find({}, { raw: true }).toArray()) as unknown as Buffer[];
  const documents = raw.map((bytes) => BSON.deserialize(bytes, { promoteValues: false }));
  return new Map(documents.map((document) => [String(document['_id']), document]));
}

function batches(count: number, make: (offset: bigint) => Fuzzed): Fuzzed[] {
  const all = Array.from({ length: count }, (_, index) => make(BigInt(index + 1)));
  for (let from = 0; from < all.length; from += BATCH)
    all.splice(from, BATCH, ...withPoison(all.slice(from, from + BATCH)));
  return all;
}

describe('10,000 fuzzed records', () => {
  test('4,000 of JSON: the collection is the fold of what a model calls good, the dead letters are the rest', async () => {
    await using target = await openTarget(stackFromEnvironment().mongodb);
    const fuzzer = createFuzzer(20_261_124);
    const all = batches(4_000, (offset) => fuzzedJson(fuzzer, offset, MAX_KEYS));
    const deadLettered = await drainInto(target, {}, all, null);
    const letters = await lettersOf(target);
    const bad = all.filter(({ verdict }) => verdict.is === 'bad');
    for (const { record: read, verdict } of all) {
      const said = `${String(read.key)} ${String(read.value)} is ${letters.get(read.offset)?.code ?? 'stored'}`;
      assert.equal(letters.has(read.offset), verdict.is === 'bad', said);
    }
    assert.equal(deadLettered, bad.length);
    assert.ok(bad.length > 400 && bad.length < 3_000, `${String(bad.length)} are bad: a good mix`);
    for (const { record: read } of bad) assertComplete(letters.get(read.offset) ?? assert.fail(), read);

    const fold = new Map(
      all.flatMap(({ record: read, verdict }) =>
        verdict.is === 'bad' ? [] : [[String(read.key), verdict] as const],
      ),
    );
    const stored = await storedIn(target);
    assert.deepEqual([...stored.keys()].sort(), [...fold.keys()].sort());
    for (const [id, verdict] of fold) {
      const document = stored.get(id) ?? assert.fail();
      if (verdict.is === 'good') assert.equal(ownBytes(document), ownBytes(verdict.fields), id);
      else assert.equal((document['_kafka'] as BSON.Document)['deleted'], true, id);
    }
  });

  const plain = { a: 1, b: [true, null, 'x', { c: 1.5 }], d: { e: 'é😀' }, f: 9_007_199_254_740_991 };
  const typed = {
    ...plain,
    f: BSON.Long.fromString('9007199254740991'),
    g: new Date(0),
    h: new BSON.ObjectId('0123456789abcdef01234567'),
    i: BSON.Decimal128.fromString('1.5'),
    j: new BSON.Binary(Buffer.from('xyz')),
    k: BSON.Long.fromString('9223372036854775807'),
    l: new BSON.BSONRegExp('a', 'i'),
    m: new BSON.Code('f()', { x: 1 }),
    n: BSON.Timestamp.fromBits(1, 2),
    o: new BSON.MinKey(),
  };
  const fixtures = readFixtures().filter(
    ({ expected }) => typeof expected === 'object' && !BSON.Long.isLong(expected),
  );
  const sorts: {
    what: string;
    value: PipelineSettings['value'];
    count: number;
    schemas: Schemas | null;
    good: { value: Buffer; fields: object }[];
  }[] = [
    {
      what: 'BSON',
      value: 'bson',
      count: 1_500,
      schemas: null,
      good: [{ value: Buffer.from(BSON.serialize(typed)), fields: typed }],
    },
    {
      what: 'extended JSON',
      value: 'extended-json',
      count: 1_500,
      schemas: null,
      good: [{ value: Buffer.from(BSON.EJSON.stringify(typed, { relaxed: false })), fields: typed }],
    },
    ...fixtures
      .filter(({ what }) =>
        [
          'enum, fixed, array and map',
          'dates and times',
          'every kind of field',
          'a type that contains itself',
        ].includes(what),
      )
      .map((fixture) => ({
        what: `${fixture.type} (${fixture.what})`,
        value: FORMATS[fixture.type],
        count: 750,
        schemas: schemasOf(sourceOf(fixture)),
        good: [{ value: fixture.bytes, fields: fixture.expected as object }],
      })),
  ];

  for (const [index, { what, value, count, schemas, good }] of sorts.entries()) {
    test(`${String(count)} of ${what}: each ends in exactly one outcome, and the good ones between the bad are stored`, async () => {
      await using target = await openTarget(stackFromEnvironment().mongodb);
      const fuzzer = createFuzzer(index + 1);
      const all = batches(count, (offset) => fuzzedCopy(fuzzer, offset, good));
      const deadLettered = await drainInto(target, { value }, all, schemas);
      const [letters, stored] = [await lettersOf(target), await storedIn(target)];
      assert.equal(letters.size, deadLettered);
      assert.equal(letters.size + stored.size, count);
      for (const { record: read, verdict } of all) {
        const [letter, document] = [letters.get(read.offset), stored.get(String(read.key))];
        assert.notEqual(letter === undefined, document === undefined, read.value?.toString('hex'));
        if (letter !== undefined) assertComplete(letter, read);
        if (verdict.is === 'good')
          assert.equal(ownBytes(document ?? assert.fail(letter?.reason)), ownBytes(verdict.fields));
        if (verdict.is === 'bad') assert.ok(letter !== undefined);
      }
      assert.ok(letters.size > count / 20, `${String(letters.size)} are bad`);
    });
  }
});
