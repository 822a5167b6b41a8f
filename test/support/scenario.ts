import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ApplicationFailure,
  Client,
  Connection,
  WorkflowFailedError,
  type ScheduleHandle,
  type ScheduleOverlapPolicy,
  type WorkflowHandle,
} from '@temporalio/client';
import { Kafka, logLevel, type Admin, type Message } from 'kafkajs';
import { MongoClient, type Collection, type Document } from 'mongodb';
import { parse, stringify } from 'yaml';
import { loadSettings } from '../../src/config/load.js';
import { scheduleIdOf, type RunResult } from '../../src/contract.js';
import { applySchedules } from '../../src/schedules/apply.js';
import { farTicks } from '../../stack/far-ticks.js';
import { createTopic } from '../../stack/topics.js';
import { stackFromEnvironment, temporaryFolder } from './stack.js';
import { until } from './until.js';
import { startWorker, type WorkerChild } from './worker-child.js';

/** One pipeline with everything around it: topic, group, collection, schedule and configuration of its own. */
export interface Scenario {
  name: string;
  topic: string;
  group: string;
  taskQueue: string;
  kafka: Kafka;
  admin: Admin;
  collection: Collection;
  deadLetters: Collection;
  temporal: Client;
  configurationFile: string;
  environment: NodeJS.ProcessEnv;
  /** To the scenario's topic, or another one. */
  produce: (records: Message[], topic?: string) => Promise<void>;
  /** Writes the configuration anew with other pipeline settings, and applies the schedule. */
  configure: (pipeline: Document) => Promise<void>;
  startWorker: (threadEntry?: string) => Promise<WorkerChild>;
  /** Triggers the schedule and returns how to follow that run. */
  trigger: (policy?: ScheduleOverlapPolicy) => Promise<Run>;
  /** The newest run of the schedule, whoever started it. */
  newestRun: () => Promise<Run | null>;
  /** Triggers a run and waits for its result. */
  run: () => Promise<RunResult>;
  committed: () => Promise<string[]>;
  close: () => Promise<void>;
}

export interface Run {
  workflowId: string;
  runId: string;
  handle: WorkflowHandle;
  result: () => Promise<RunResult>;
}

export interface ScenarioOptions {
  partitions?: number;
  topicConfig?: { name: string; value: string }[];
  /** Added to the pipeline's settings. */
  pipeline?: Document;
  /** Added to the worker's settings. */
  worker?: Document;
  schemaRegistry?: Document;
  /** Where the workers find the servers, if not where everybody does: behind a link that can be cut. */
  through?: { kafka?: string; mongodb?: string };
  /** A Kafka of its own: doors without rules for the test, and the section of the configuration for everybody else. */
  kafka?: { adminAddresses: string[]; section: Document };
  /** The configuration's section, without the database. */
  mongodb?: Document;
  /** Variables with which workers and commands find Temporal, if not at the stack's address. */
  temporal?: Readonly<Record<string, string>>;
  logLevel?: string;
  /** Its workers run this pipeline, too: one file, one database, one task queue. Those started later know both pipelines. */
  beside?: Scenario;
}

let scenarios = 0;

export async function createScenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const stack = stackFromEnvironment();
  scenarios += 1;
  const name = `s${process.pid.toString(36)}${Date.now().toString(36)}${String(scenarios)}`;
  const home = homeOf(name, options, stack);
  const { configurationFile, environment, taskQueue, collection } = home;
  const kafka = new Kafka({
    brokers: options.kafka?.adminAddresses ?? [stack.kafka],
    clientId: 'test',
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  const mongo = new MongoClient(stack.mongodb);
  const connection = await Connection.connect({ address: stack.temporal });
  const temporal = new Client({ connection });
  const workers: WorkerChild[] = [];
  await admin.connect();
  await createTopic(admin, {
    topic: name,
    numPartitions: options.partitions ?? 3,
    configEntries: options.topicConfig ?? [],
  });
  const database = mongo.db(home.database);
  const schedule = temporal.schedule.getHandle(scheduleIdOf(name));
  const configure = async (pipeline: Document) => {
    const base = existsSync(configurationFile)
      ? (parse(readFileSync(configurationFile, 'utf8')) as Document)
      : newConfiguration(stack, home, options);
    const written: Document = { ...options.pipeline, ...pipeline };
    const own = {
      ...(!('topics' in written) && !('topicPattern' in written) && { topic: name }),
      ...{ collection, ...written },
      schedule: { ...farTicks(), ...(written['schedule'] as Document | undefined) },
    };
    const pipelines = { ...(base['pipelines'] as Document | undefined), [name]: own };
    writeFileSync(configurationFile, stringify({ ...base, pipelines }));
    await applySchedules(temporal, loadSettings(configurationFile, environment), { prune: false });
  };
  await configure({});
  let lastTrigger = 0;
  const trigger = async (policy: ScheduleOverlapPolicy = 'SKIP') => {
    if (policy === 'SKIP') await untilNothingRuns(schedule);
    // Temporal appends the nominal time to the second: two starts in one second would have one workflow id.
    await until('a second without a trigger', () =>
      Promise.resolve(Math.floor(Date.now() / 1000) > lastTrigger || null),
    );
    lastTrigger = Math.floor(Date.now() / 1000);
    const before = await newestAction(temporal, name);
    await schedule.trigger(policy);
    return until(`a new run of ${name}`, async () => {
      const newest = await newestAction(temporal, name);
      return newest !== null && newest.runId !== before?.runId ? newest : null;
    });
  };
  return {
    name,
    topic: name,
    group: `drain-${name}`,
    taskQueue,
    kafka,
    admin,
    collection: database.collection(collection),
    deadLetters: database.collection(`${collection}.dead_letters`),
    temporal,
    configurationFile,
    environment,
    produce: (records, topic = name) => produce(kafka, topic, records),
    configure,
    startWorker: async (threadEntry) => {
      const worker = await startWorker(configurationFile, environment, threadEntry);
      workers.push(worker);
      return worker;
    },
    trigger,
    newestRun: () => newestAction(temporal, name),
    run: async () => (await trigger()).result(),
    committed: () => committedOffsets(admin, name),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.kill('SIGKILL')));
      await schedule.delete().catch(() => undefined);
      await terminateRuns(temporal, scheduleIdOf(name));
      await (options.beside === undefined ? database.dropDatabase() : database.dropCollection(collection));
      await admin.deleteTopics({ topics: [name] }).catch(() => undefined);
      await Promise.allSettled([admin.disconnect(), mongo.close(), connection.close()]);
      home.remove();
    },
  };
}

/** What a scenario shares with those beside it; the first one owns it. */
interface Home {
  configurationFile: string;
  environment: NodeJS.ProcessEnv;
  taskQueue: string;
  database: string;
  /** The scenario's own. */
  collection: string;
  remove: () => void;
}

function homeOf(name: string, options: ScenarioOptions, stack: { temporal: string }): Home {
  const { beside, temporal = { TEMPORAL_ADDRESS: stack.temporal }, logLevel = 'INFO' } = options;
  if (beside !== undefined) {
    const { configurationFile, environment, taskQueue } = beside;
    const { dbName: database } = beside.collection;
    const remove = () => undefined;
    return { configurationFile, environment, taskQueue, database, collection: `docs_${name}`, remove };
  }
  const folder = temporaryFolder('scenario');
  return {
    configurationFile: join(folder.path, 'drain.yaml'),
    // Source maps, which the test itself has, would take a tenth of a worker's start.
    environment: { ...process.env, NODE_OPTIONS: '', ...temporal, LOG_LEVEL: logLevel },
    taskQueue: name,
    database: `test_${name}`,
    collection: 'docs',
    remove: folder.remove,
  };
}

function newConfiguration(
  stack: { kafka: string; mongodb: string },
  { database, taskQueue }: Home,
  { worker, through, schemaRegistry, kafka, mongodb }: ScenarioOptions,
): Document {
  return {
    kafka: kafka?.section ?? { brokers: [through?.kafka ?? stack.kafka] },
    mongodb: { ...(mongodb ?? { uri: through?.mongodb ?? stack.mongodb }), database },
    worker: { taskQueue, heartbeatInterval: '500ms', ...worker },
    ...(schemaRegistry !== undefined && { schemaRegistry }),
  };
}

/**
 * Produces each record exactly once: kafkajs sends a whole request again when one partition of it was refused,
 * as one is whose leader isn't up yet, and without idempotence the others then have their records twice.
 */
async function produce(kafka: Kafka, topic: string, records: Message[]): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true });
  await producer.connect();
  try {
    for (let from = 0; from < records.length; from += 5_000) {
      await producer.send({ topic, messages: records.slice(from, from + 5_000), acks: -1 });
    }
  } finally {
    await producer.disconnect();
  }
}

async function committedOffsets(admin: Admin, name: string): Promise<string[]> {
  const [offsets] = await admin.fetchOffsets({ groupId: `drain-${name}`, topics: [name] });
  return (offsets?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(({ offset }) => offset);
}

/** By the schedule's own account: it learns a little later than a waiting client that a run has ended, and until then drops triggers. */
export async function untilNothingRuns(schedule: ScheduleHandle): Promise<void> {
  await until(`no run of ${schedule.scheduleId} to be under way`, async () => {
    const { info } = await schedule.describe();
    return info.runningActions.length === 0 || null;
  });
}

async function newestAction(temporal: Client, name: string): Promise<Run | null> {
  const { info } = await temporal.schedule.getHandle(scheduleIdOf(name)).describe();
  const action = info.recentActions.at(-1)?.action;
  if (action === undefined) return null;
  const { workflowId, firstExecutionRunId: runId } = action.workflow;
  const handle = temporal.workflow.getHandle(workflowId, runId);
  return { workflowId, runId, handle, result: () => resultOf(handle) };
}

/** Why a run failed: its typed failure instead of "Workflow execution failed". */
export class RunFailed extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: unknown,
  ) {
    super(`${code}: ${message}`);
  }
}

async function resultOf(handle: WorkflowHandle): Promise<RunResult> {
  try {
    return (await handle.result()) as RunResult;
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) {
      const { type, message, details } = error.cause;
      throw new RunFailed(type ?? '', message, details);
    }
    throw error;
  }
}

async function terminateRuns(temporal: Client, scheduleId: string): Promise<void> {
  const query = `TemporalScheduledById = '${scheduleId}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of temporal.workflow.list({ query })) {
    await temporal.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
  }
}
