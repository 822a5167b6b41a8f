import type { KafkaSettings, PipelineSettings, Settings } from '../config/settings.js';
import { membersText, type GroupMember } from '../kafka/group-members.js';
import { createSource, type KafkaJsSource } from '../kafka/kafkajs-source.js';
import { partitionName, type LogState, type PartitionState } from '../kafka/source.js';
import { failed, type Finding } from './check.js';
import { kafkaAnswer } from './kafka-answer.js';
import { partitionLag } from './lag.js';
import { certificateText } from '../tls.js';
import { count } from './table.js';

/** As whom the brokers are reached; for each pipeline whether the topic is there, and what the group has committed in it. */
export async function checkKafka(settings: Settings): Promise<Finding[]> {
  const parts = [...settings.pipelines.values()].map((pipeline) => checkPipeline(settings, pipeline));
  const findings = (await Promise.all(parts)).flat();
  const reached = findings.some(({ state }) => state !== 'failed');
  return reached ? [connectionFinding(settings.kafka), ...findings] : findings;
}

function connectionFinding({ brokers, ssl, sasl }: KafkaSettings): Finding {
  const how = ssl === null ? 'without TLS' : 'over TLS';
  const text = `${brokers.join(', ')} ${how} ${identityText(ssl, sasl)}`;
  return { area: 'kafka', pipeline: null, state: 'ok', text };
}

function identityText(ssl: KafkaSettings['ssl'], sasl: KafkaSettings['sasl']): string {
  if (sasl?.mechanism === 'oauthbearer')
    return `as client "${sasl.clientId}" with tokens of ${sasl.tokenEndpoint}`;
  if (sasl !== null) return `as user "${sasl.username}" (${sasl.mechanism})`;
  const own = ssl?.cert ?? null;
  return own === null ? 'without authentication' : `as the client certificate ${certificateText(own)}`;
}

async function checkPipeline(settings: Settings, pipeline: PipelineSettings): Promise<Finding[]> {
  const { topics, group } = pipeline;
  const source = createSource({ kafka: settings.kafka, topics, group });
  try {
    return await kafkaAnswer(askAll(source, pipeline), settings, pipeline);
  } catch (error) {
    return [failed('kafka', pipeline.name, error)];
  } finally {
    // what hangs takes 2 s to close, for which no answer has to wait
    void source.close();
  }
}

async function askAll(source: KafkaJsSource, pipeline: PipelineSettings): Promise<Finding[]> {
  const state = await source.inspect();
  await source.tryRights(state.partitions);
  const others = await source.otherMembers();
  return [
    topicFinding(pipeline, state),
    groupFinding(pipeline, state),
    ...(others.length > 0 ? [othersFinding(pipeline, others)] : []),
  ];
}

function topicFinding(
  { name, topic }: PipelineSettings,
  { topics, clusterId, partitions }: LogState,
): Finding {
  const text = `${partitions.length} partitions (cluster ${clusterId})`;
  const what =
    topics.length === 1 ? `topic ${topics[0]?.topic ?? ''}: ` : `topics ${topic}: ${topics.length} topics, `;
  return { area: 'kafka', pipeline: name, state: 'ok', text: what + text };
}

function groupFinding(
  { name, group, start, onDataLoss }: PipelineSettings,
  { partitions }: LogState,
): Finding {
  const finding = (state: Finding['state'], text: string): Finding => ({
    area: 'kafka',
    pipeline: name,
    state,
    text: `group ${group}: ${text}`,
  });
  const beyond = partitions.filter(({ committed, end }) => committed !== null && committed.offset > end);
  if (beyond.length > 0)
    return finding(
      'warning',
      `committed beyond the end of ${list(beyond)}: the topic was truncated or recreated; runs fail until the pipeline's epoch is raised`,
    );
  const expired = partitions.filter(({ committed, low }) => committed !== null && committed.offset < low);
  if (expired.length > 0)
    return finding(
      'warning',
      `records expired unread in ${list(expired)}; with \`onDataLoss: ${onDataLoss}\` the next run ${onDataLoss === 'fail' ? 'fails' : 'skips them'}`,
    );
  if (partitions.every(({ committed }) => committed === null)) {
    const policy =
      typeof start === 'string' ? start : `the records since ${new Date(start.timestampMs).toISOString()}`;
    return finding('ok', `has committed nothing yet; the first run starts with ${policy}`);
  }
  const lag = partitions.reduce((sum, partition) => sum + partitionLag(partition).lag, 0);
  return finding('ok', `lag ${count(lag)}`);
}

/** A run with nothing to do doesn't join the group, so that it never meets them. */
function othersFinding({ name, group }: PipelineSettings, others: readonly GroupMember[]): Finding {
  const text =
    `group ${group}: has other members: ${membersText(others)}; a run that has something to read fails with GROUP_IN_USE ` +
    'until they are stopped. Their offsets carry over';
  return { area: 'kafka', pipeline: name, state: 'warning', text };
}

function list(partitions: readonly PartitionState[]): string {
  return partitions.map(partitionName).join(', ');
}
