import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createScenario, type Scenario } from '../../support/scenario.js';
import { temporaryFolder } from '../../support/stack.js';

const folder = temporaryFolder('chosen-by-value');
let orders: Scenario;
let refunds: Scenario;

/** A transform that lets one kind of record through. */
function only(kind: string): string {
  const file = join(folder.path, `${kind}.js`);
  writeFileSync(file, `export const transform = ({ value }) => (value.kind === '${kind}' ? value : null);`);
  return file;
}

before(async () => {
  orders = await createScenario();
  refunds = await createScenario({ beside: orders });
  await orders.configure({ transform: only('order') });
  await refunds.configure({ topic: orders.topic, transform: only('refund') });
  await orders.startWorker();
});
after(async () => {
  await refunds.close();
  await orders.close();
  folder.remove();
});

test('two pipelines with transforms that choose share a topic: each reads all of it and stores its own kind', async () => {
  const kinds = ['order', 'refund', 'order', 'other'];
  const records = kinds.map((kind, index) => ({ key: `k${String(index)}`, value: JSON.stringify({ kind }) }));
  await orders.produce([...records, { key: 'k0', value: null }]);
  const results = [await orders.run(), await refunds.run()];
  assert.deepEqual(
    results.map(({ records: { read, skipped } }) => [read, skipped]),
    [
      [5, 2],
      [5, 3],
    ],
  );
  const stored = ({ collection }: Scenario) =>
    collection
      .find({ '_kafka.deleted': { $ne: true } }, { projection: { _kafka: 0 } })
      .sort({ _id: 1 })
      .toArray();
  assert.deepEqual(await stored(orders), [{ _id: 'k2', kind: 'order' }]);
  assert.deepEqual(await stored(refunds), [{ _id: 'k1', kind: 'refund' }]);
});
