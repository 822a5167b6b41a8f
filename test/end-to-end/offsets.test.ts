import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stackFromEnvironment, runKafkaTool } from '../support/stack.js';
import { assertBalanced } from '../support/books.js';
import { assertEqualsFold, fold, readTopic } from '../support/fold.js';
import { createScenario, RunFailed, type Scenario, type WorkerChild } from '../support/scenario.js';
import { until } from '../support/until.js';

const GROUP_TOOL = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';

async function groupTool({ group }: Scenario, args: string[]): Promise<void> {
  await runKafkaTool(GROUP_TOOL, [
    '--bootstrap-server',
    stackFromEnvironment().kafka,
    '--group',
    group,
    ...args,
  ]);
}

function setOffset(scenario: Scenario, partition: number, offset: string): Promise<void> {
  const place = `${scenario.topic}:${String(partition)}`;
  return groupTool(scenario, ['--topic', place, '--reset-offsets', '--to-offset', offset, '--execute']);
}

function orders(count: number, version: number): { key: string; value: string; partition: number }[] {
  return Array.from({ length: count }, (_, id) => ({
    key: `o-${String(id)}`,
    value: JSON.stringify({ id, version }),
    partition: id % 2,
  }));
}

async function assertDocuments({ collection, topic, kafka }: Scenario): Promise<void> {
  await assertEqualsFold(collection, fold(topic, await readTopic(kafka, topic)));
}

describe('what an operator does to the offsets', () => {
  let scenario: Scenario;
  let worker: WorkerChild;
  before(async () => {
    scenario = await createScenario({ partitions: 2 });
    worker = await scenario.startWorker();
    await scenario.produce(orders(100, 1));
    await scenario.produce(orders(100, 2));
    await scenario.run();
  });
  after(() => scenario.close());

  test('a rewind is a replay: read again, nothing moved back', async () => {
    await setOffset(scenario, 0, '10');
    const result = await scenario.run();
    assert.equal(result.continuity, 'replay');
    assert.equal(result.records.read, 90);
    assert.equal(result.records.unchanged + result.records.coalesced, 90);
    assertBalanced(result);
    await assertDocuments(scenario);
  });

  test('a skip ahead is a gap, with a warning that names partition and offsets', async () => {
    await scenario.produce(orders(20, 3));
    await setOffset(scenario, 1, '105');
    const result = await scenario.run();
    assert.equal(result.continuity, 'gap');
    assert.equal(result.records.read, 15);
    assert.match(result.warnings[0]?.message ?? '', /-1: .*from 100 to 105/);
    assertBalanced(result);
  });

  test('deleted offsets are resumed from the previous result', async () => {
    await groupTool(scenario, ['--topic', scenario.topic, '--delete-offsets']);
    await scenario.produce(orders(10, 4));
    const result = await scenario.run();
    assert.equal(result.continuity, 'resumed');
    assert.equal(result.records.read, 10);
    assert.equal(result.warnings[0]?.code, 'OFFSETS_EXPIRED');
    assertBalanced(result);
  });

  test('expired records fail the run, which names the range; onDataLoss: skip goes on and reports it as lost', async () => {
    await scenario.produce(orders(20, 5));
    const ends = await scenario.admin.fetchTopicOffsets(scenario.topic);
    const end = ends.find(({ partition }) => partition === 0)?.high ?? '';
    await scenario.admin.deleteTopicRecords({
      topic: scenario.topic,
      partitions: [{ partition: 0, offset: end }],
    });
    await assert.rejects(
      scenario.run(),
      (error) =>
        error instanceof RunFailed &&
        error.code === 'RECORDS_EXPIRED' &&
        error.message.includes(`up to ${end}`),
    );
    await scenario.configure({ onDataLoss: 'skip' });
    await worker.kill('SIGTERM');
    await scenario.startWorker();
    const result = await scenario.run();
    assert.deepEqual(result.lost, [{ partition: 0, from: String(BigInt(end) - 10n), to: end }]);
    assert.equal(result.records.read, 10);
    assertBalanced(result);
  });
});

describe('a topic that was deleted and recreated', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({ partitions: 2 });
  });
  after(() => scenario.close());

  test('with more records than before is refused, until the epoch is raised; then new records win', async () => {
    const first = await scenario.startWorker();
    await scenario.produce(orders(50, 1));
    await scenario.run();
    await scenario.admin.deleteTopics({ topics: [scenario.topic] });
    await until('the topic to be gone', async () =>
      (await scenario.admin.listTopics()).includes(scenario.topic) ? null : true,
    );
    await until('the topic to be back', () =>
      scenario.admin
        .createTopics({ topics: [{ topic: scenario.topic, numPartitions: 2 }], waitForLeaders: true })
        .then(
          () => true,
          () => null,
        ),
    );
    await scenario.produce(orders(80, 7));
    await assert.rejects(
      scenario.run(),
      (error) => error instanceof RunFailed && error.code === 'TOPIC_RECREATED',
    );
    await first.kill('SIGTERM');
    await scenario.configure({ epoch: 2 });
    await scenario.startWorker();
    const result = await scenario.run();
    assert.equal(result.records.read, 80);
    assert.equal(result.stopReason, 'drained');
    assertBalanced(result);
    const stored = await scenario.collection.find({}, { sort: { _id: 1 } }).toArray();
    assert.equal(stored.length, 80);
    assert.ok(
      stored.every(
        (document) => document['version'] === 7 && (document['_kafka'] as { epoch: number }).epoch === 2,
      ),
    );
  });
});

describe('start: latest', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({ partitions: 2, pipeline: { start: 'latest' } });
    await scenario.startWorker();
  });
  after(() => scenario.close());

  test('commits where it starts, so that records that come in between two runs are read', async () => {
    await scenario.produce(orders(10, 1));
    const first = await scenario.run();
    assert.equal(first.records.read, 0);
    assert.deepEqual(await scenario.committed(), ['5', '5']);
    await scenario.produce(orders(10, 2));
    const second = await scenario.run();
    assert.equal(second.records.read, 10);
    assertBalanced(second);
  });
});
