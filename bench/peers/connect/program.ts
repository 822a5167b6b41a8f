/**
 * MongoDB's sink connector in Kafka Connect standalone: a worker that is up and warm before the measured connector is created,
 * as it would be where a connector runs all day.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../../stack/ports.js';
import { repositoryFolder } from '../../../stack/binaries.js';
import { commandFor, startChild } from '../../child.js';
import { untilCommitted } from '../../committed.js';
import { nowMs, WARM_UP_RECORDS, type Drained, type Opened, type Program, type Task } from '../../program.js';
import { connectorSettings, workerSettings, type ConnectorTuning } from './settings.js';

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
    await warmUp(rest, task, tuning);
    return {
      startUpMs,
      drain: async (started): Promise<Drained> => {
        started(worker.pid);
        const startedMs = nowMs();
        await create(rest, connectorSettings(task, tuning));
        await untilCommitted(task, task.ends, () => assertRunning(rest, task.group));
        return { startedMs, endedMs: null };
      },
      close: () => worker.stop(),
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
  if (!response.ok)
    throw new Error(`the connector was refused with ${String(response.status)}: ${await response.text()}`);
}

/** The same records into another collection, so that what is measured is compiled code. */
async function warmUp(rest: string, task: Task, tuning: ConnectorTuning): Promise<void> {
  const warm: Task = { ...task, group: `${task.group}-warm`, collection: task.warmUpCollection };
  const each = WARM_UP_RECORDS / task.ends.length;
  await create(rest, connectorSettings(warm, tuning));
  const enough = task.ends.map((end) => Math.min(end, each));
  await untilCommitted(warm, enough, () => assertRunning(rest, warm.group));
  await fetch(`${rest}/connectors/${warm.group}`, { method: 'DELETE' });
}

interface ConnectorStatus {
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
}

async function assertRunning(rest: string, connector: string): Promise<void> {
  const response = await fetch(`${rest}/connectors/${connector}/status`);
  if (!response.ok) return;
  const { tasks } = (await response.json()) as ConnectorStatus;
  const failed = tasks.find(({ state }) => state === 'FAILED');
  if (failed !== undefined) throw new Error(`a task failed: ${failed.trace?.split('\n')[0] ?? ''}`);
}
