import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { repositoryFolder } from '../../../stack/binaries.js';
import { assertBalanced } from '../../support/books.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

const FOLDER = join(repositoryFolder, 'examples', 'transform');

/** The transform that the example's configuration names. */
function exampleTransform(): string {
  const { pipelines } = parse(readFileSync(join(FOLDER, 'drain.yaml'), 'utf8')) as {
    pipelines: { orders: { transform: string } };
  };
  return join(FOLDER, pipelines.orders.transform);
}

describe('the example of a transform (examples/transform)', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({ pipeline: { transform: exampleTransform() } });
    await scenario.startWorker();
  });
  after(() => scenario.close());

  test('passes the tests that it brings', () => {
    // Otherwise they would report to this test's runner.
    const environment = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const { status, stdout } = spawnSync(process.execPath, ['--test', join(FOLDER, 'transforms/')], {
      ...{ env: environment, encoding: 'utf8' },
    });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /pass 3/);
  });

  test('makes documents of its own, skips and dead-letters', async () => {
    const items = [{ sku: 'a', quantity: 2, cents: 1250 }];
    const order = { customer: 'c-7', currency: 'EUR', items };
    await scenario.produce([
      { key: 'o-1', value: JSON.stringify(order), headers: { source: 'app' } },
      { key: 'o-2', value: JSON.stringify({ ...order, test: true }) },
      { key: 'o-3', value: JSON.stringify({ customer: 'c-7' }) },
    ]);
    const result = await scenario.run();
    const { inserted, skipped, deadLettered } = result.records;
    assert.deepEqual([inserted, skipped, deadLettered], [1, 1, 1]);
    assertBalanced(result);
    const [stored] = await scenario.collection
      .find({}, { projection: { _kafka: 0, orderedAt: 0 } })
      .toArray();
    const total = { cents: 2500, currency: 'EUR' };
    const expected = { customer: 'c-7', items: [{ sku: 'a', quantity: 2 }], total, source: 'app' };
    assert.deepEqual(stored, { _id: 'o-1', ...expected });
  });
});
