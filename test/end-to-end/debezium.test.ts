import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ObjectId, type Document } from 'mongodb';
import { parse } from 'yaml';
import { repositoryFolder } from '../../stack/binaries.js';
import type { RunResult } from '../../src/contract.js';
import { assertBalanced } from '../support/books.js';
import { createScenario, type Scenario } from '../support/scenario.js';

const EXAMPLE = join(repositoryFolder, 'examples', 'debezium');

/** A pipeline of the example, but for the topic. */
function pipelineOf(name: string): Document {
  const { pipelines } = parse(readFileSync(join(EXAMPLE, 'drain.yaml'), 'utf8')) as Document;
  const rules = Object.entries((pipelines as Record<string, Document>)[name] ?? {});
  return Object.fromEntries(rules.filter(([key]) => key !== 'topic'));
}

/** The example's events, as text: their integers must stay as they are written. */
function eventsOf(name: string): { key: string; value: string | null }[] {
  const lines = readFileSync(join(EXAMPLE, 'events', `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [, key = '', value = ''] = /^\{"key":(.*?),"value":(.*)\}$/.exec(line) ?? [];
    return { key, value: value === 'null' ? null : value };
  });
}

interface Drained {
  result: RunResult;
  documents: Document[];
  markers: unknown[];
  letters: string[];
}

function withoutVersion(document: Document): Document {
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== '_kafka'));
}

describe('change events of Debezium (examples/debezium)', () => {
  const scenarios = new Map<string, Scenario>();

  before(async () => {
    let first: Scenario | undefined;
    for (const name of ['mysql-customers', 'postgres-order-lines', 'mongodb-customers']) {
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

  const drained = async (name: string): Promise<Drained> => {
    const scenario = scenarios.get(name);
    if (scenario === undefined) assert.fail(name);
    await scenario.produce(eventsOf(name));
    const result = await scenario.run();
    assertBalanced(result);
    const stored = await scenario.collection.find().sort({ _id: 1 }).toArray();
    const isMarker = ({ _kafka }: Document) => (_kafka as Document)['deleted'] === true;
    return {
      result,
      documents: stored.filter((document) => !isMarker(document)).map(withoutVersion),
      markers: stored.filter(isMarker).map(({ _id }) => _id),
      letters: (await scenario.deadLetters.find().toArray()).map(({ code }) => String(code)),
    };
  };

  test('of MySQL become its rows, with schemas beside them', async () => {
    const { result, documents, markers, letters } = await drained('mysql-customers');
    const created_at = new Date(1_486_500_577_000);
    const sally = { id: 1001, first_name: 'Sally', last_name: 'Thomas', email: 'sally.thomas@acme.com' };
    const anne = { id: 1004, first_name: 'Anne Marie', last_name: 'Kretchmar', email: 'annek@noanswer.org' };
    assert.deepEqual(documents, [
      { _id: 1001, ...sally, created_at },
      { _id: 1004, ...anne, created_at },
    ]);
    assert.deepEqual([markers, letters], [[1002], []]);
    const { read, inserted, deleted, coalesced } = result.records;
    assert.deepEqual([read, inserted, deleted, coalesced], [6, 2, 1, 3]);
  });

  test('of PostgreSQL become its rows, the newest by their place in the log', async () => {
    const { result, documents, markers, letters } = await drained('postgres-order-lines');
    const cups = { order_id: 10001, line: 1, sku: 'cup', quantity: 6, price: '4.20' };
    const forks = { order_id: 10002, line: 1, sku: 'fork', quantity: 12, price: '1.10' };
    assert.deepEqual(documents, [
      { _id: { order_id: 10001, line: 1 }, ...cups },
      { _id: { order_id: 10002, line: 1 }, ...forks },
    ]);
    assert.deepEqual(markers, [{ order_id: 10001, line: 2 }]);
    assert.deepEqual(letters, ['ENVELOPE_UNSUPPORTED']);
    assert.equal(result.records.skipped, 1);
  });

  test('of MongoDB become its documents', async () => {
    const { documents, markers, letters } = await drained('mongodb-customers');
    const since = new Date(1_486_500_577_691);
    assert.deepEqual(documents, [
      { _id: 1004, first_name: 'Anne' },
      { _id: new ObjectId('596e275826f08b2730779e1f'), first_name: 'Anne', visits: 2, since },
    ]);
    assert.deepEqual(markers, [new ObjectId('596e275826f08b2730779e20')]);
    assert.deepEqual(letters, ['ENVELOPE_UNSUPPORTED']);
  });
});
