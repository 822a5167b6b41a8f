import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD } from '../../support/faults.js';
import { startKafkaCluster, type KafkaCluster } from '../../support/kafka-cluster.js';
import { assertDrained, produceOrders } from '../../support/runs.js';
import { createScenario, type Run, type Scenario } from '../../support/scenario.js';
import { runKafkaTool } from '../../support/stack.js';
import { until } from '../../support/until.js';

const PARTITIONS = 6;
const RECORDS = 6_000;

async function leadersOf({ admin, topic }: Scenario): Promise<number[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
}

/** By Kafka's own tool: kafkajs doesn't tell. */
async function coordinatorOf({ group }: Scenario, { addresses }: KafkaCluster): Promise<number> {
  const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
  const where = ['--bootstrap-server', addresses.join(',')];
  const { stdout, stderr } = await runKafkaTool(tool, [...where, '--describe', '--state', '--group', group]);
  const [, node] = /:\d+ +\((\d)\)/.exec(stdout) ?? assert.fail(stdout + stderr);
  return Number(node);
}

describe('a topic on three brokers', () => {
  let cluster: KafkaCluster;
  let scenario: Scenario;
  before(async () => {
    cluster = await startKafkaCluster();
    scenario = await createScenario({
      partitions: PARTITIONS,
      kafka: { adminAddresses: cluster.addresses, section: { brokers: cluster.addresses } },
    });
    await scenario.startWorker(FAULTY_THREAD);
  });
  after(async () => {
    await scenario.close();
    await cluster[Symbol.asyncDispose]();
  });

  /** In the middle of a slow run, every partition of which has committed something. */
  async function killInMidDrain(node: number): Promise<Run> {
    faultsOf(scenario).arm({ batchRecords: 50, batchDelayMs: 100 });
    const before = await scenario.committed();
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    const run = await scenario.trigger();
    await until('every partition to commit', async () => {
      const committed = await scenario.committed();
      const moved = committed.filter((offset, index) => Number(offset) > Math.max(0, Number(before[index])));
      return moved.length === PARTITIONS || null;
    });
    await cluster.broker(node).kill('SIGKILL');
    return run;
  }

  /** kafkajs's admin learns by a failure that others lead now. */
  async function untilOthersAnswer(): Promise<void> {
    const ask = () => Promise.all([scenario.admin.fetchTopicOffsets(scenario.topic), scenario.committed()]);
    await until("the others to answer the test's own client", () => ask().catch(() => null));
  }

  async function assertWhole(run: Run): Promise<void> {
    const result = await run.result();
    await untilOthersAnswer();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.records.read, RECORDS);
    assert.equal(result.lagBefore, RECORDS);
    assert.equal(result.lagAfter, 0);
    assertBalanced(result);
    await assertDrained(scenario);
  }

  test('is drained from all of them at once', async () => {
    assert.deepEqual(new Set(await leadersOf(scenario)).size, 3, 'every broker leads partitions');
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    await assertWhole(await scenario.trigger());
  });

  test('kill -9 of the one that leads partitions and the group: the run goes on with the others, each record once', async () => {
    const coordinator = await coordinatorOf(scenario, cluster);
    const run = await killInMidDrain(coordinator);
    await assertWhole(run);
    assert.ok(!(await leadersOf(scenario)).includes(coordinator), 'others lead its partitions now');
  });

  test('while it is away, the next run does not miss it', async () => {
    await produceOrders(scenario, { records: RECORDS, ids: 1_000 });
    await assertWhole(await scenario.trigger());
  });
});
