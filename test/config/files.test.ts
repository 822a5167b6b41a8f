import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { TEMPLATE } from '../../src/commands/init.js';
import { configSchemaText } from '../../src/config/json-schema.js';
import { RECORD_FIELDS } from '../../src/config/record-schema.js';
import { configKeys } from '../../src/config/reference.js';
import { REGISTRY_FORMATS } from '../../src/config/settings.js';
import { loadSettings } from '../../src/config/load.js';
import { repositoryFolder } from '../../stack/binaries.js';
import { configurationFrom } from './builders.js';

const inRepository = (path: string): string => join(repositoryFolder, path);

/** The configurations under `examples`, by the names of their folders. */
const EXAMPLES: readonly (readonly [name: string, text: string])[] = readdirSync(
  inRepository('examples'),
).map((name) => [name, readFileSync(inRepository(`examples/${name}/drain.yaml`), 'utf8')]);

/** The keys of a mapping, with dots, and `key=word` for each word that is a value. */
function settingsIn(mapping: Record<string, unknown>, path = ''): string[] {
  return Object.entries(mapping).flatMap(([key, value]) => {
    const own = path + key;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return [own, `${own}=${String(value)}`];
    return [own, ...settingsIn(value as Record<string, unknown>, `${own}.`)];
  });
}

describe('the JSON Schema in the repository', () => {
  const written = readFileSync(inRepository('drain.schema.json'), 'utf8');

  test('is that of the code; if not: npm run schema', () => {
    assert.equal(written, configSchemaText());
  });

  const schema = z.fromJSONSchema(JSON.parse(written) as Parameters<typeof z.fromJSONSchema>[0]);
  const accepts = (text: string): boolean => schema.safeParse(parse(text)).success;
  const example = readFileSync(inRepository('drain.yaml'), 'utf8');

  test('accepts what we give as examples', () => {
    assert.ok(accepts(example));
    assert.ok(accepts(TEMPLATE));
    for (const [name, text] of EXAMPLES) assert.ok(accepts(text), name);
  });

  test('refuses unknown keys and malformed values, but lets references to the environment pass', () => {
    assert.ok(!accepts(example.replace('budget:', 'budgt:')));
    assert.ok(!accepts(example.replace('every: 5m', 'every: 5 minutes')));
    assert.ok(accepts(example.replace('every: 5m', 'every: ${EVERY:-5m}')));
    assert.ok(accepts(example.replace('maxRecords: null', 'maxRecords: ${MAX}')));
  });
});

describe('the configurations that we give', () => {
  test('drain.yaml drains the topic orders into shop.orders every 5 minutes', () => {
    const { mongodb, pipelines } = loadSettings(inRepository('drain.yaml'), {});
    const orders = pipelines.get('orders');
    assert.equal(mongodb.database, 'shop');
    assert.deepEqual(
      [orders?.topic, orders?.collection, orders?.schedule.every?.intervalMs],
      ['orders', 'orders', 300_000],
    );
  });

  test('drain.yaml takes addresses from the environment', () => {
    const environment = { KAFKA_BROKERS: 'k:1', MONGODB_URI: 'mongodb://m', MONGODB_DATABASE: 'd' };
    const { kafka, mongodb } = loadSettings(inRepository('drain.yaml'), environment);
    assert.deepEqual(
      [kafka.brokers, mongodb],
      [['k:1'], { uri: 'mongodb://m', database: 'd', tls: null, uriCert: null }],
    );
  });

  test('what `init` writes can be used as it is', () => {
    assert.equal(configurationFrom(TEMPLATE).settings.pipelines.size, 1);
  });

  test('there is an example of every setting of records, and of every format, envelope and way to delete', () => {
    const used = new Set(
      EXAMPLES.flatMap(([, text]) => {
        const { pipelines } = parse(text) as { pipelines: Record<string, Record<string, unknown>> };
        return Object.values(pipelines).flatMap((pipeline) => settingsIn(pipeline));
      }),
    );
    const prefix = 'pipelines.<name>.';
    const keys = configKeys().filter((key) => key.startsWith(prefix));
    const ofRecords = keys
      .map((key) => key.slice(prefix.length))
      .filter(
        (key) => Object.hasOwn(RECORD_FIELDS, key.split('.')[0] ?? '') || key.startsWith('deadLetters.'),
      );
    const formats = ['extended-json', 'bson', 'string', 'bytes', ...REGISTRY_FORMATS];
    const words = [
      ...formats.map((format) => `value=${format}`),
      ...['envelope=debezium', 'envelope=connect', 'deletes=hard', 'deletes=ignore', 'version=source'],
      ...['documentId=coordinates', 'deadLetters.tolerate=all', 'deadLetters.tolerate=none'],
    ];
    assert.deepEqual(
      [...ofRecords, ...words].filter((setting) => !used.has(setting)),
      [],
    );
  });
});
