import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BSON, ObjectId } from 'mongodb';
import { isItem, prepare, type Item } from '../../src/mongodb/documents.js';
import { createTranscoder } from '../../src/mongodb/json-to-bson.js';
import { toStatements, toUpdates } from '../../src/mongodb/merge.js';
import { createWriter, reserve, toInserts, written } from '../../src/mongodb/raw-documents.js';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { rawUpsert, seededRandom, tombstone, upsert } from './models.js';
import { readSection } from './section.js';

const { toBson } = createTranscoder(
  { maxBytes: 1_000_000, maxDepth: 100, maxKeys: 100_000 },
  { largeIntegers: 'double' },
);

function itemOf(model: WriteModel): Item {
  const item = prepare(model);
  assert.ok(isItem(item));
  return item;
}

/** The same model with its fields as BSON. */
function raw(model: ReturnType<typeof upsert>): WriteModel {
  const fields = toBson(Buffer.from(JSON.stringify(model.fields)));
  assert.ok(fields !== null);
  return rawUpsert(model, fields);
}

/** Ids of all kinds and lengths, short and long values, deletes. */
function models(count: number): ReturnType<typeof upsert>[] {
  const random = seededRandom(11);
  const ids = [
    (n: number) => `o-${String(n)}`,
    (n: number) => '😀é'.repeat(Math.floor(random() * 300)) + String(n),
    (n: number) => n,
    (n: number) => BigInt(n) * 10_000_000_000n,
    () => new ObjectId(),
    (n: number) => ({ shop: 'é', no: n }),
    (n: number) => Buffer.from([n]),
  ];
  return Array.from({ length: count }, (_, n) =>
    upsert(
      {
        id: ids[n % ids.length]?.(n),
        offset: BigInt(n),
        epoch: 1 + (n % 2),
        partition: `orders-${String(n)}`,
      },
      { text: 'x'.repeat(Math.floor(random() * 2_000)), n },
    ),
  );
}

test('an insert has the documents as the driver would write them, whether they come as fields or as BSON', () => {
  const all = models(500);
  const { field, documents } = readSection(toInserts(all.map((model) => itemOf(model))).toBin());
  assert.equal(field, 'documents');
  assert.deepEqual(documents.map(({ n }) => n as number), all.map((_, n) => n)); // prettier-ignore
  assert.deepEqual(
    Buffer.from(toInserts(all.map((model) => itemOf(raw(model)))).toBin()),
    Buffer.from(toInserts(all.map((model) => itemOf(model))).toBin()),
  );
});

test('the reserved field is of its own record, whatever was written before', () => {
  const versions = [
    { partition: 'orders-1', offset: 5n, timestampMs: 7 },
    { partition: 'orders-1', offset: 6n, timestampMs: 8, epoch: 2 },
    { partition: 'orders-1', offset: 2n ** 62n, timestampMs: 0, epoch: 3 },
    { partition: 'é-1', offset: 5n, timestampMs: 8.64e15, epoch: 3 },
    { partition: 'é-1', offset: 0n, timestampMs: -1, epoch: 3 },
    { partition: 'é-1', offset: 1n, timestampMs: 9e15, epoch: 3 },
    { partition: 'é-1', offset: 1n, timestampMs: 1, epoch: 3, declared: 'v' },
    { partition: 'é-1', offset: 9n, timestampMs: 1, epoch: 3 },
    { partition: 'é-1', offset: 9n, timestampMs: 1 },
  ].map((version) => upsert(version));
  for (const model of [...versions, ...versions.reverse()]) {
    assert.deepEqual(
      Buffer.from(toInserts([itemOf(raw(model))]).toBin()),
      Buffer.from(toInserts([itemOf(model)]).toBin()),
    );
  }
});

test('the statements of a merge hold each id in filter and constants, at the place of its document', () => {
  const all = models(210);
  for (const form of [(model: ReturnType<typeof upsert>) => model, raw]) {
    const statements = toStatements(all.map((model) => itemOf(form(model))));
    const { field, documents } = readSection(toUpdates(statements, 'offset').toBin());
    assert.deepEqual([field, documents.length], ['updates', 5]);
    const asBson = (value: unknown) => Buffer.from(BSON.serialize({ value })).toString('hex');
    for (const [at, { q, u, multi, c }] of documents.entries()) {
      const ids = all.slice(50 * at, 50 * at + 50).map(({ id }) => id);
      assert.deepEqual([Object.keys(documents[at] ?? {}), multi], [['q', 'u', 'multi', 'c'], true]);
      assert.ok(Array.isArray(u) && u.length === 1);
      assert.equal(asBson(q), asBson({ _id: { $in: ids } }));
      const { docs, ids: constants } = c as { docs: { _id: unknown }[]; ids: unknown[] };
      assert.equal(asBson(constants), asBson(ids));
      assert.equal(asBson(docs.map(({ _id }) => _id)), asBson(ids));
    }
  }
});

test('a field that is undefined is sent as null, as the driver does', () => {
  const item = itemOf(upsert({}, { absent: undefined, list: [undefined] }));
  const sent = [
    readSection(toInserts([item]).toBin()).documents[0],
    (readSection(toUpdates([[item]], 'offset').toBin()).documents[0]?.['c'] as { docs: object[] }).docs[0],
  ];
  for (const document of sent) {
    assert.deepEqual({ ...document, _id: 0, _kafka: 0 }, { _id: 0, absent: null, list: [null], _kafka: 0 });
  }
});

test('deletes and upserts are merged by different rules', () => {
  const rules = [upsert(), tombstone()].map((model) => {
    const [statement] = readSection(toUpdates([[itemOf(model)]], 'offset').toBin()).documents;
    return JSON.stringify(statement?.['u']);
  });
  assert.match(rules[0] ?? '', /\$lte/);
  assert.match(rules[1] ?? '', /"\$lt":/);
});

test('what outgrows its room is refused instead of being cut off', () => {
  const writer = createWriter(0);
  writer.to = writer.out.length;
  assert.equal(written(writer).length, writer.out.length);
  writer.to += 1;
  assert.throws(() => written(writer), { code: 'UNEXPECTED' });
  assert.throws(() => reserve(writer, 0), { code: 'UNEXPECTED' });
});

test('an id with which the command would be too large is refused', () => {
  for (const [length, isSent] of [[4 * 1024 * 1024, true], [6 * 1024 * 1024, false]] as const) {
    const prepared = prepare(raw(upsert({ id: 'x'.repeat(length) }, { a: 1 })));
    assert.equal(isItem(prepared) ? 'sent' : prepared.code, isSent ? 'sent' : 'TOO_LARGE');
  }
}); // prettier-ignore
