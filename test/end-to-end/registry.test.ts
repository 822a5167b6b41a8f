import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BSON, type Document } from 'mongodb';
import { parse } from 'yaml';
import { checkRegistry } from '../../src/commands/check-registry.js';
import { loadSettings } from '../../src/config/load.js';
import { repositoryFolder } from '../../stack/binaries.js';
import { freePorts } from '../../stack/ports.js';
import { startRegistry, type RegistryServer } from '../../stack/registry.js';
import { FORMATS, readFixtures, type Fixture } from '../registry/fixtures.js';
import { assertBalanced } from '../support/books.js';
import { createScenario, type Scenario } from '../support/scenario.js';
import { temporaryFolder } from '../support/stack.js';
import { until } from '../support/until.js';

const FIXTURES = readFixtures().filter(
  ({ expected }) => typeof expected === 'object' && !BSON.Long.isLong(expected),
);
const UNKNOWN_ID = 4_000_000;

function without(document: Document, ...names: string[]): Document {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
}

/** The pipeline of examples/avro for a format, but for its names and schedule. */
function examplePipeline(format: string): Document {
  const { pipelines } = parse(
    readFileSync(join(repositoryFolder, 'examples', 'avro', 'drain.yaml'), 'utf8'),
  ) as {
    pipelines: Record<string, Document>;
  };
  const pipeline = Object.values(pipelines).find(({ value }) => value === format) ?? assert.fail(format);
  return without(pipeline, 'topic', 'collection', 'schedule');
}

/** Every other schema that can be compiled is registered so, as clients for Python, Go and .NET do. */
function inEitherForm(fixture: Fixture, index: number): Fixture {
  const { '': schema, ...others } = fixture.compiled ?? {};
  if (schema === undefined || index % 2 === 0) return fixture;
  const references = fixture.references.map(({ name, text }) => ({
    name: `compiled-${name}`,
    text: others[name] ?? text,
  }));
  return { ...fixture, schema, references };
}

function framed(id: number, rest: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, rest]);
}

describe('records of a schema registry', () => {
  const folder = temporaryFolder('registry');
  const scenarios: Scenario[] = [];
  let registry: RegistryServer;
  let keySchema = 0;

  before(async () => {
    const [port = 0] = await freePorts(1);
    registry = await startRegistry({ folder: folder.path, port });
    keySchema = await register('key', { schema: '"string"' });
  });
  after(async () => {
    await Promise.all(scenarios.map((scenario) => scenario.close()));
    await registry.stop();
    folder.remove();
  });

  async function register(subject: string, body: Document): Promise<number> {
    const answer = await fetch(`${registry.url}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.clone().text());
    return ((await answer.json()) as { id: number }).id;
  }

  /** With what it refers to in subjects of its own. */
  async function registerFixture({ type, schema, references }: Fixture, subject: string): Promise<number> {
    const named = [];
    for (const { name, text } of references) {
      await register(name, { schemaType: type, schema: text });
      named.push({ name, subject: name, version: 1 });
    }
    return register(subject, { schemaType: type, schema, references: named });
  }

  async function scenarioFor(pipeline: Document): Promise<Scenario> {
    const scenario = await createScenario({ partitions: 1, pipeline, schemaRegistry: { url: registry.url } });
    scenarios.push(scenario);
    await scenario.startWorker();
    return scenario;
  }

  const avroKey = (text: string): Buffer =>
    framed(keySchema, Buffer.concat([Buffer.from([2 * text.length]), Buffer.from(text)]));
  const ownFields = (stored: Document): Document => without(stored, '_id', '_kafka');
  const bytesOf = (document: Document): string => Buffer.from(BSON.serialize(document)).toString('hex');

  for (const type of ['AVRO', 'PROTOBUF', 'JSON'] as const) {
    test(`${type}: what independent encoders wrote is stored byte for byte, and poison is dead-lettered at any place`, async () => {
      const scenario = await scenarioFor({
        ...examplePipeline(FORMATS[type]),
        deadLetters: { tolerate: { ratio: 1 } },
      });
      const good: { key: string; value: Buffer; expected: Document }[] = [];
      for (const [index, fixture] of FIXTURES.entries()) {
        if (fixture.type !== type) continue;
        const id = await registerFixture(
          inEitherForm(fixture, index),
          `${type.toLowerCase()}-${String(index)}`,
        );
        const value = framed(id, fixture.bytes.subarray(5));
        good.push({ key: `k${String(index)}`, value, expected: fixture.expected as Document });
      }
      const [first] = good;
      assert.ok(first !== undefined);
      const damaged =
        type === 'JSON' ? first.value.subarray(0, 7) : Buffer.concat([first.value, Buffer.from([0xff])]);
      const poison = [
        { value: framed(UNKNOWN_ID, Buffer.from([0])), code: 'SCHEMA_UNKNOWN' },
        { value: Buffer.from('{"a":1}'), code: 'SCHEMA_ID_MISSING' },
        { value: damaged, code: type === 'JSON' ? 'NOT_JSON' : `NOT_${type}` },
        {
          value: framed(keySchema, Buffer.from([0, 2, 0x61])),
          code: type === 'AVRO' ? 'NOT_AVRO' : 'SCHEMA_UNUSABLE',
        },
      ];
      const middle = Math.ceil(good.length / 2);
      const records = [
        ...poison.map(({ value }) => ({ key: avroKey('p1'), value })),
        ...good.slice(0, middle).map(({ key, value }) => ({ key: avroKey(key), value })),
        ...poison.map(({ value }) => ({ key: avroKey('p2'), value })),
        ...good.slice(middle).map(({ key, value }) => ({ key: avroKey(key), value })),
        { key: avroKey(first.key), value: null },
        { key: Buffer.from('no schema'), value: first.value },
        ...poison.map(({ value }) => ({ key: avroKey('p3'), value })),
      ];
      await scenario.produce(records);
      const result = await scenario.run();
      assertBalanced(result);
      const bad = 3 * poison.length + 1;
      assert.deepEqual(
        [result.stopReason, result.records.read, result.records.deadLettered],
        ['drained', records.length, bad],
      );
      for (const { key, expected } of good.slice(1)) {
        const stored = await scenario.collection.findOne({ _id: key as never }, { promoteValues: false });
        assert.ok(stored !== null, key);
        assert.equal(bytesOf(ownFields(stored)), bytesOf(expected), BSON.EJSON.stringify(stored));
      }
      const deleted = await scenario.collection.findOne({ _id: first.key as never });
      assert.equal((deleted?.['_kafka'] as Document)['deleted'], true);
      const letters = await scenario.deadLetters.find().sort({ offset: 1 }).toArray();
      const codes = poison.map(({ code }) => code);
      assert.deepEqual(
        letters.map((letter) => letter['code'] as string),
        [...codes, ...codes, 'SCHEMA_ID_MISSING', ...codes],
      );
    });
  }

  test('a registry that does not answer is waited for, unless the worker has the schema from a run before', async () => {
    const scenario = await scenarioFor(examplePipeline('avro'));
    const schema = (name: string) =>
      JSON.stringify({ type: 'record', name, fields: [{ name: 'n', type: 'int' }] });
    const [known, fresh] = [
      await register('known', { schema: schema('Known') }),
      await register('fresh', { schema: schema('Fresh') }),
    ];
    const produce = (id: number, key: string) =>
      scenario.produce([{ key: avroKey(key), value: framed(id, Buffer.from([2])) }]);
    await produce(known, 'a');
    assert.equal((await scenario.run()).records.inserted, 1);

    await registry.kill('SIGSTOP');
    await produce(known, 'b');
    assert.equal((await scenario.run()).records.inserted, 1, 'the schema was kept across runs');
    await produce(fresh, 'c');
    const run = await scenario.trigger();
    await until('the drain has begun', async () => {
      const { pendingActivities } = (await run.handle.describe()).raw;
      return pendingActivities?.some(({ activityType }) => activityType?.name === 'drainTopic') ?? null;
    });
    await registry.kill('SIGCONT');
    const { records } = await run.result();
    assert.deepEqual([records.inserted, records.deadLettered], [1, 0]);
  });

  test('`check` says whether the registry answers', async () => {
    const [scenario] = scenarios;
    assert.ok(scenario !== undefined);
    const settings = loadSettings(scenario.configurationFile, scenario.environment);
    const [good] = await checkRegistry(settings);
    assert.ok(good?.state === 'ok' && good.text.includes('AVRO'), good?.text);
    const urls = [registry.url.replace('/ccompat/v7', '/nothing/here')];
    const [bad] = await checkRegistry({ ...settings, schemaRegistry: { urls, auth: null, tls: null } });
    assert.ok(bad?.state === 'failed' && bad.text.startsWith('REGISTRY_REFUSED'), bad?.text);
  });
});
