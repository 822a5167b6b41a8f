import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { failureOf } from '../../support/failure.js';
import { orders } from '../../support/records.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

let scenario: Scenario;
before(async () => {
  scenario = await createScenario({ partitions: 1 });
});
after(() => scenario.close());

test('a run by another version rule is refused, and goes through with a new epoch', async () => {
  let worker = await scenario.startWorker();
  const configure = async (pipeline: object) => {
    await worker.kill('SIGTERM');
    await scenario.configure(pipeline);
    worker = await scenario.startWorker();
  };
  await scenario.produce(orders(5));
  assert.equal((await scenario.run()).records.inserted, 5);
  await configure({ version: 'timestamp' });
  await scenario.produce(orders(5, { version: 2 }));
  const failure = await failureOf(scenario.run());
  assert.equal(failure.code, 'CONFIG_MISMATCH');
  assert.match(failure.message, /"version: offset".*says "version: timestamp".*Set "epoch: 2"/);
  assert.equal(await scenario.collection.countDocuments({ '_kafka.offset': { $gte: 5 } }), 0);
  await configure({ version: 'timestamp', epoch: 2 });
  const { records, stopReason } = await scenario.run();
  assert.deepEqual([stopReason, records.read, records.updated], ['drained', 10, 5]);
  assert.equal(await scenario.collection.countDocuments({ '_kafka.epoch': 2 }), 5);
});
