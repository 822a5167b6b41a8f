/**
 * MongoDB's sink connector in Kafka Connect standalone: a worker that is up and warm before the measured connector is created,
 * as it would be where a connector runs all day.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { freePorts } from '../../../stack/ports.js';
import { repositoryFolder } from '../../../stack/binaries.js';
import { commandFor, startChild } from '../../child.js';
import { nowMs, type Drained, type Opened, type Program, type Task } from '../../program.js';
import { connectorSettings, workerSettings, type ConnectorTuning } from './settings.js';

const PERIOD_MS = 250;
const DRAINS_WITHIN_MS = 600_000;

export const connectTuned = connectProgram({
  name: 'connect-tuned',
  title: 'sink connector 2.0.1: 6 tasks, max.poll.records 5000, max.batch.size 1000, unordered bulk writes',
  tasks: 6,
  settings: {
    'consumer.override.max.poll.records': '5000',
    'max.batch.size': '1000',
    'bulk.write.ordered': 'false',
  },
});

export const connectDefault = connectProgram({
  name: 'connect-default',
  title: 'sink connector 2.0.1: its defaults, 1 task',
  tasks: 1,
  settings: {},
});

function connectProgram({
  name,
  title,
  ...tuning
}: ConnectorTuning & { name: string; title: string }): Program {
  return { name, title, needs: 'connect', open: (task) => open(name, tuning, task) };
}

async function open(name: string, tuning: ConnectorTuning, task: Task): Promise<Opened> {
  const [port = 0] = await freePorts(1);
  const file = join(task.folder, 'worker.properties');
  writeFileSync(file, workerSettings(task, port));
  const rest = `http://127.0.0.1:${String(port)}`;
  const args = [...javaArgs(task), 'org.apache.kafka.connect.cli.ConnectStandalone', file];
  const worker = await startChild(commandFor({ name, command: task.servers.java, args }, task));
  try {
    const startUpMs = await worker.ready('Kafka Connect answers', async () => (await fetch(rest)).ok);
    return {
      startUpMs,
      drain: async (started): Promise<Drained> => {
        started(worker.pid);
        const startedMs = nowMs();
        await create(rest, connectorSettings(task, tuning));
        await untilDrained(rest, task);
        return { startedMs, endedMs: null };
      },
      close: worker.stop,
    };
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

/** Memory and collector as Kafka's own `connect-standalone.sh` sets them. */
function javaArgs({ fetched }: Task): string[] {
  return [
    ...['-Xms256M', '-Xmx2G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
    ...[
      '-XX:InitiatingHeapOccupancyPercent=35',
      '-XX:+ExplicitGCInvokesConcurrent',
      '-Djava.awt.headless=true',
    ],
    `-Dlog4j2.configurationFile=${join(repositoryFolder, 'stack', 'log4j2.properties')}`,
    ...['-cp', join(fetched, 'libs', '*')],
  ];
}

async function create(rest: string, config: Record<string, string>): Promise<void> {
  const response = await fetch(`${rest}/connectors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: config['name'], config }),
  });
  if (!response.ok) throw new Error(`the connector was refused: ${await response.text()}`);
}

interface ConnectorStatus {
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
}

/** Until its group has committed everything. */
async function untilDrained(rest: string, { group, ends, committed }: Task): Promise<void> {
  const deadline = performance.now() + DRAINS_WITHIN_MS;
  while (performance.now() < deadline) {
    await sleep(PERIOD_MS);
    const offsets = await committed();
    if (ends.every((end, partition) => (offsets[partition] ?? 0) >= end)) return;
    const response = await fetch(`${rest}/connectors/${group}/status`);
    if (!response.ok) continue;
    const { tasks } = (await response.json()) as ConnectorStatus;
    const failed = tasks.find(({ state }) => state === 'FAILED');
    if (failed !== undefined) throw new Error(`a task failed: ${failed.trace?.split('\n')[0] ?? ''}`);
  }
  throw new Error(`not drained within ${String(DRAINS_WITHIN_MS / 1_000)} s`);
}
