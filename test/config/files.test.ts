import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { TEMPLATE } from '../../src/commands/init.js';
import { configSchemaText } from '../../src/config/json-schema.js';
import { loadSettings } from '../../src/config/load.js';
import { repositoryFolder } from '../../stack/binaries.js';
import { configurationFrom } from './builders.js';

const inRepository = (path: string): string => join(repositoryFolder, path);

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
    for (const name of ['celery-like', 'debezium', 'transform']) {
      assert.ok(accepts(readFileSync(inRepository(`examples/${name}/drain.yaml`), 'utf8')), name);
    }
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
    assert.deepEqual([kafka.brokers, mongodb], [['k:1'], { uri: 'mongodb://m', database: 'd', tls: null }]);
  });

  test('what `init` writes can be used as it is', () => {
    assert.equal(configurationFrom(TEMPLATE).settings.pipelines.size, 1);
  });
});
