import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Binary, BSON, Decimal128, Int32, Long, type Document } from 'mongodb';
import { parse } from 'yaml';
import { repositoryFolder } from '../../../stack/binaries.js';
import type { RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

const EXAMPLE = join(repositoryFolder, 'examples', 'formats');
const { pipelines: PIPELINES } = parse(readFileSync(join(EXAMPLE, 'drain.yaml'), 'utf8')) as {
  pipelines: Record<string, Document>;
};

/** A pipeline of the example, but for the topic and the interval. */
function pipelineOf(name: string): Document {
  const { topic, schedule, ...rules } = PIPELINES[name] ?? {};
  assert.ok(topic === name && schedule !== undefined);
  return rules;
}

function recordsOf(name: string): { key: string; value: string | null }[] {
  const lines = readFileSync(join(EXAMPLE, 'records', `${name}.txt`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [key = '', value = ''] = line.split('|');
    return { key, value: value === 'null' ? null : value };
  });
}

interface Drained {
  result: RunResult;
  /** With BSON's own types, markers as `{ _id, deleted: true }`. */
  documents: Document[];
  letters: string[];
}

function outline({ _kafka, ...fields }: Document): Document {
  return (_kafka as Document)['deleted'] === true ? { _id: fields['_id'] as unknown, deleted: true } : fields;
}

const dateOf = (text: string): Date => new Date(text);

describe('values in every form that needs no registry (examples/formats)', () => {
  const scenarios = new Map<string, Scenario>();

  before(async () => {
    let first: Scenario | undefined;
    for (const name of Object.keys(PIPELINES)) {
      const beside = first === undefined ? {} : { beside: first };
      const scenario = await createScenario({ partitions: 1, pipeline: pipelineOf(name), ...beside });
      scenarios.set(name, scenario);
      first ??= scenario;
    }
    await first?.startWorker();
  });
  after(async () => {
    for (const scenario of [...scenarios.values()].reverse()) await scenario.close();
  });

  const scenarioOf = (name: string): Scenario => scenarios.get(name) ?? assert.fail(name);

  const drained = async (name: string): Promise<Drained> => {
    const scenario = scenarioOf(name);
    const result = await scenario.run();
    assertBalanced(result);
    const stored = await scenario.collection.find({}, { promoteValues: false }).sort({ _id: 1 }).toArray();
    const letters = await scenario.deadLetters.find().toArray();
    return { result, documents: stored.map(outline), letters: letters.map(({ code }) => String(code)) };
  };

  const drainedFile = async (name: string): Promise<Drained> => {
    await scenarioOf(name).produce(recordsOf(name));
    return drained(name);
  };

  test('JSON keeps all digits of large integers, times become dates, and what is too deep a dead letter', async () => {
    const { documents, letters } = await drainedFile('payments');
    const refunds = [{ at: dateOf('2026-02-01T12:00:00Z') }];
    const reference = Long.fromString('9007199254740993');
    const paidAt = dateOf('2026-01-31T12:00:00Z');
    assert.deepEqual(documents, [{ _id: 'p-1', amount: new BSON.Double(12.5), reference, paidAt, refunds }]);
    assert.deepEqual(letters, ['TOO_DEEP']);
  });

  test('extended JSON has its own types, and the version may be a date of theirs', async () => {
    const { result, documents } = await drainedFile('stock');
    const price = Decimal128.fromString('4.20');
    const changedAt = dateOf('2026-01-31T12:00:00Z');
    assert.deepEqual(documents, [{ _id: 'cup', sku: 'cup', price, changedAt }]);
    const { inserted, coalesced, skipped } = result.records;
    assert.deepEqual([inserted, coalesced, skipped], [1, 1, 1]);
  });

  test("Kafka Connect's JSON gets the types of the schemas beside it", async () => {
    const { documents, letters } = await drainedFile('customers');
    const id = Long.fromNumber(1001);
    const credit = Decimal128.fromString('12.34');
    const since = dateOf('2026-01-31T12:00:00Z');
    assert.deepEqual(documents, [
      { _id: id, id, credit, since, note: null },
      { _id: Long.fromNumber(1002), deleted: true },
    ]);
    assert.deepEqual(letters, []);
  });

  test('BSON is stored as it is, and hard deletes leave nothing', async () => {
    const profile = { born: dateOf('1990-05-01T00:00:00Z'), logins: new Int32(3), total: Long.fromNumber(7) };
    const value = Buffer.from(BSON.serialize(profile));
    const scenario = scenarioOf('profiles');
    await scenario.produce([
      { key: 'a', value },
      { key: 'b', value },
    ]);
    assert.equal((await drained('profiles')).documents.length, 2);
    await scenario.produce([{ key: 'b', value: null }]);
    assert.deepEqual((await drained('profiles')).documents, [{ _id: 'a', ...profile }]);
  });

  test('the first bad record fails the run where none is tolerated', async () => {
    const scenario = scenarioOf('profiles');
    await scenario.produce([{ key: 'c', value: 'no BSON' }]);
    await assert.rejects(scenario.run(), { code: 'BAD_RECORD' });
  });

  test('texts and bytes are stored as a value, and bytes may be the id', async () => {
    const notes = await drainedFile('notes');
    const text = { _id: `${scenarioOf('notes').topic}-0-0`, value: 'Call back on Monday' };
    assert.deepEqual(notes.documents, [text]);
    const files = await drainedFile('files');
    const bytes = (of: string) => new Binary(Buffer.from(of));
    assert.deepEqual(files.documents, [
      { _id: bytes('f-1'), value: bytes('any bytes') },
      { _id: bytes('f-2'), deleted: true },
    ]);
  });
});
