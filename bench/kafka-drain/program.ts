/** The product itself: a real worker, made ready and scheduled with its own commands, all settings at their defaults. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { scheduleIdOf } from '../../src/contract.js';
import { farTicks } from '../../stack/far-ticks.js';
import { startChild } from '../child.js';
import { WARM_UP_RECORDS, type Opened, type Program, type Task } from '../program.js';
import { runOnce } from './run-once.js';

const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
const run = promisify(execFile);

export const kafkaDrain: Program = {
  name: 'kafka-drain',
  title:
    'kafka-drain: one worker, up and warm before; one run of its schedule; all settings at their defaults',
  open: (task) => open(task, {}),
};

const MEMBERS = 4;

/** What more cores bring: by default a worker drains as much at once. */
export const kafkaDrainOfMembers: Program = {
  name: `kafka-drain-${String(MEMBERS)}`,
  title: `kafka-drain with members: ${String(MEMBERS)}, all of them on one worker`,
  isExtra: true,
  open: (task) => open(task, { members: MEMBERS }),
};

/** What the Dockerfile sets for a worker. */
const AS_THE_IMAGE = { MALLOC_ARENA_MAX: '1', NODE_OPTIONS: '--max-semi-space-size=2' };

/** `settings`: of the pipeline, besides what it can't do without. */
async function open(task: Task, settings: object): Promise<Opened> {
  const file = join(task.folder, 'drain.yaml');
  const pipeline = task.group;
  writeFileSync(file, stringify(configurationOf(task, pipeline, settings)));
  const environment = { ...process.env, ...AS_THE_IMAGE, TEMPORAL_ADDRESS: task.servers.temporal };
  const command = (...args: string[]) =>
    run(process.execPath, [CLI, '--config', file, ...args], { env: environment, cwd: task.folder });
  await command('setup');
  await command('apply');
  const logFile = join(task.folder, 'worker.log');
  const worker = await startChild({
    name: 'kafka-drain worker',
    command: process.execPath,
    args: [CLI, '--config', file, 'worker'],
    folder: task.folder,
    environment,
    logFile,
  });
  const connection = await Connection.connect({ address: task.servers.temporal });
  const temporal = new Client({ connection });
  const close = async () => {
    await worker.stop();
    for (const name of [pipeline, warmUpOf(pipeline)]) {
      await temporal.schedule.getHandle(scheduleIdOf(name)).delete();
    }
    await connection.close();
  };
  try {
    const startUpMs = await worker.ready('the worker is ready', () =>
      Promise.resolve(readFileSync(logFile, 'utf8').includes('"worker started"')),
    );
    await runOnce(temporal, warmUpOf(pipeline));
    const drain = (started: (pid: number) => void) => {
      started(worker.pid);
      return runOnce(temporal, pipeline);
    };
    return { startUpMs, drain, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function warmUpOf(pipeline: string): string {
  return `${pipeline}-warm-up`;
}

function configurationOf(
  { servers, topic, group, database, collection, warmUpCollection }: Task,
  pipeline: string,
  settings: object,
): object {
  const measured = { topic, group, collection, schedule: farTicks(), ...settings };
  const warmUp = {
    ...measured,
    group: warmUpOf(group),
    collection: warmUpCollection,
    limits: { maxRecords: WARM_UP_RECORDS },
    catchUp: false,
  };
  return {
    kafka: { brokers: [servers.kafka] },
    mongodb: { uri: servers.mongodb, database },
    worker: { taskQueue: pipeline },
    pipelines: { [pipeline]: measured, [warmUpOf(pipeline)]: warmUp },
  };
}
