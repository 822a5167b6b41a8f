import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { orders } from '../../support/records.js';
import { createScenario, type Run, type Scenario } from '../../support/scenario.js';
import { until } from '../../support/until.js';

const TOPICS = 50;
const PARTITIONS = 20;

let scenario: Scenario;
const names = () =>
  Array.from({ length: TOPICS }, (_, index) => `${scenario.name}.${String(index).padStart(2, '0')}`);

before(async () => {
  scenario = await createScenario();
  const { admin } = scenario;
  const topics = names().map((topic) => ({ topic, numPartitions: PARTITIONS }));
  await admin.createTopics({ topics, waitForLeaders: false });
  await until('all topics to have leaders', () =>
    Promise.all(names().map((topic) => admin.fetchTopicOffsets(topic))).catch(() => null),
  );
  await scenario.configure({ topicPattern: `${scenario.name}\\..*`, documentId: 'coordinates' });
  await scenario.startWorker();
});
after(async () => {
  await scenario.admin.deleteTopics({ topics: names() });
  await scenario.close();
});

/** Bytes in a run's history: of the plan, of what the drain returned, and of all its events. */
async function sizesIn({ handle }: Run): Promise<{ plan: number; outcome: number; all: number }> {
  const { events = [] } = await handle.fetchHistory();
  const results = (events ?? []).flatMap(({ activityTaskCompletedEventAttributes: completed }) => {
    const bytes = completed?.result?.payloads?.map(({ data }) => data?.length ?? 0);
    return bytes === undefined ? [] : [bytes.reduce((sum, length) => sum + length, 0)];
  });
  const [plan = 0, outcome = 0] = results;
  return { plan, outcome, all: JSON.stringify(historyToJSON({ events })).length };
}

test('50 topics with 1,000 partitions are drained in one run, whose result and history stay small and remember all of them', async () => {
  for (const topic of [3, 17, 49])
    await scenario.produce(orders(100, { partition: topic % PARTITIONS }), names()[topic]);
  const run = await scenario.trigger();
  const first = await run.result();
  assert.deepEqual([first.stopReason, first.records.inserted, first.lagAfter], ['drained', 300, 0]);
  assert.equal(first.topics.length, TOPICS);
  assert.deepEqual(
    first.topics.filter(({ read }) => read > 0).map(({ topic, read }) => [names().indexOf(topic), read]),
    [3, 17, 49].map((topic) => [topic, 100]),
  );
  assert.equal(first.partitions.length, 3);
  assert.ok(JSON.stringify(first).length < 16_000, 'a few KB');
  const { plan, outcome, all } = await sizesIn(run);
  assert.ok(plan < 40_000 && outcome < 20_000 && all < 110_000);
  const quiet = await scenario.run();
  assert.deepEqual([quiet.stopReason, quiet.continuity], ['nothing-to-do', 'continuous']);
  await scenario.produce(orders(50, { first: 100, partition: 5 }), names()[20]);
  const third = await scenario.run();
  assert.deepEqual(
    [third.stopReason, third.records.inserted, third.continuity],
    ['drained', 50, 'continuous'],
  );
});
