import assert from 'node:assert/strict';
import type { Consumer } from 'kafkajs';
import type { Scenario } from './scenario.js';
import { runKafkaTool, stackFromEnvironment } from './stack.js';

/** Runs Kafka's own consumer group tool on the scenario's group, as an operator does. */
export async function groupTool({ group }: Scenario, ...args: string[]): Promise<void> {
  const { kafka } = stackFromEnvironment();
  const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
  const { code, stdout, stderr } = await runKafkaTool(tool, [
    ...['--bootstrap-server', kafka, '--group', group],
    ...args,
  ]);
  assert.ok(code === 0 && !stdout.includes('Error'), `${stdout}${stderr}`);
}

/** Moves the group's committed offset of one partition. The tool keeps it within the log. */
export function resetOffset(scenario: Scenario, partition: number, offset: number): Promise<void> {
  const place = ['--topic', `${scenario.topic}:${String(partition)}`, '--to-offset', String(offset)];
  return groupTool(scenario, '--reset-offsets', ...place, '--execute');
}

/** A plain consumer as a member of the scenario's group. */
export async function joinAsForeigner({ kafka, group, topic }: Scenario): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId: group, allowAutoTopicCreation: false });
  const joined = new Promise<void>((resolve) => {
    consumer.on('consumer.group_join', () => {
      resolve();
    });
  });
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  return consumer;
}

export interface ForeignCommit {
  partition: number;
  offset: bigint;
  metadata?: string;
}

/** Commits anything in the scenario's group, also what Kafka's tool refuses: the broker doesn't look at it. */
export async function commitAs(scenario: Scenario, ...commits: ForeignCommit[]): Promise<void> {
  const consumer = await joinAsForeigner(scenario);
  const { topic } = scenario;
  // kafkajs reads on at what is committed, and where nothing is to be read it commits -1.
  consumer.pause([{ topic }]);
  await consumer.commitOffsets(
    commits.map(({ offset, ...rest }) => ({ topic, offset: String(offset), ...rest })),
  );
  await consumer.disconnect();
}
