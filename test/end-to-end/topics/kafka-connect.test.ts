import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Long, type Document } from 'mongodb';
import { repositoryFolder } from '../../../stack/binaries.js';
import { assertBalanced } from '../../support/books.js';
import { pipelineOfExample } from '../../support/example.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

let scenario: Scenario;
before(async () => {
  const example = pipelineOfExample('kafka-connect');
  const transform = join(repositoryFolder, 'examples', 'kafka-connect', String(example['transform']));
  scenario = await createScenario();
  await scenario.configure({ ...example, topics: [scenario.topic], transform });
  await scenario.startWorker();
});
after(() => scenario.close());

test("a sink connector's configuration, ported, writes the same documents, also over those of the connector (examples/kafka-connect)", async () => {
  // As the connector writes them: integers of JSON have 64 bits.
  const id = { country: 'DE', orderId: Long.fromNumber(2) };
  const ofConnector: Document = { ...id, total: Long.fromNumber(1), customer: 'c-0', _id: id };
  await scenario.collection.insertOne(ofConnector);
  const order = (orderId: number, cust: string) => JSON.stringify({ orderId, country: 'DE', cust, total: 5 });
  await scenario.produce([
    { key: 'k', value: order(1, 'c-1'), partition: 0 },
    { key: 'k', value: order(2, 'c-2'), partition: 0 },
    { key: 'k', value: order(1, 'c-9'), partition: 0 },
    { key: 'k', value: null, partition: 0 },
    { key: 'k', value: '{"orderId":3}', partition: 0 },
  ]);
  const result = await scenario.run();
  assertBalanced(result);
  const { inserted, updated, coalesced, skipped, deadLettered } = result.records;
  assert.deepEqual([inserted, updated, coalesced, skipped, deadLettered], [1, 1, 1, 1, 1]);
  const stored = await scenario.collection
    .find({}, { projection: { _kafka: 0 } })
    .sort({ orderId: 1 })
    .toArray();
  assert.deepEqual(stored, [
    { _id: { country: 'DE', orderId: 1 }, orderId: 1, country: 'DE', total: 5, customer: 'c-9' },
    { _id: { country: 'DE', orderId: 2 }, orderId: 2, country: 'DE', total: 5, customer: 'c-2' },
  ]);
});
