import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { ActivityDeps } from './activities/deps.js';
import { createStartThread, DRAIN_THREAD_ENTRY } from './activities/drain-thread.js';
import { createActivities, type Activities } from './activities/index.js';
import type { Configuration } from './config/load.js';
import type { Settings } from './config/settings.js';
import { drainQueueOf } from './contract.js';
import { createKeptTokens } from './kafka/kept-tokens.js';
import { createSource, requirePatch } from './kafka/kafkajs-source.js';
import { requireRawDocuments } from './mongodb/wire.js';
import { createKeptSchemas } from './registry/kept.js';
import { scheduleChangeFor } from './schedules/apply.js';
import { startHealth, type Probes } from './telemetry/health.js';
import { createLogger, logLevelFrom, type Logger } from './telemetry/logger.js';
import { createRunMetrics } from './telemetry/metrics.js';
import { installRuntime } from './telemetry/runtime.js';
import { connectionError, workerError } from './temporal/errors.js';
import { accessText, temporalOptions, type Environment, type TemporalOptions } from './temporal/options.js';
import { runTogether, statesOf } from './temporal/run-together.js';

/** Above the grace that a drain has for its batches in hand; then the process ends whatever still runs. */
const SHUTDOWN_FORCE_MS = 30_000;
/** Built ahead (`npm run build`): a worker starts in a quarter of the time. */
const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./workflows/index.js', import.meta.url));

export interface WorkerProcess extends Pick<Configuration, 'settings' | 'connections'> {
  environment: Environment;
  /** Tests start a drain thread of their own. */
  threadEntry?: URL;
}

/**
 * Runs a worker until the process is told to stop (SIGINT, SIGTERM): configuration → telemetry → connection → worker → run →
 * close. Errors: `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`, `CONFIG_INVALID` for addresses that can't be listened on, `UNPATCHED_CLIENT`.
 */
export async function runWorker(process: WorkerProcess): Promise<void> {
  const { settings, environment } = process;
  requirePatch();
  requireRawDocuments();
  const logger = createLogger({ level: logLevelFrom(environment) });
  const { metricMeter } = await installRuntime({ logger, metricsAddress: settings.worker.metricsAddress });
  const temporal = temporalOptions(environment);
  for (const warning of temporal.warnings) logger.warn(warning);
  const workers: Worker[] = [];
  // before Temporal is asked for anything, so that a port in use is told as what it is
  const health = await startHealth(settings.worker.healthAddress, probesOf(workers));
  try {
    const activities = createActivities(activityDeps(process, logger, createRunMetrics(metricMeter)));
    await withConnection(temporal, logger, async (connection) => {
      const { namespace } = temporal;
      workers.push(...(await createWorkers({ connection, namespace }, settings, activities)));
      await warnOfStaleSchedules(new Client({ connection, namespace }), settings, logger);
      logStart(logger, settings, health.address);
      await runTogether(workers);
      logger.info('worker stopped');
    });
  } finally {
    await health.close();
  }
}

async function withConnection(
  temporal: TemporalOptions,
  logger: Logger,
  use: (connection: NativeConnection) => Promise<void>,
): Promise<void> {
  const connection = await connect(temporal);
  logger.info('connected to Temporal', {
    address: temporal.connection.address,
    access: accessText(temporal.connection),
  });
  try {
    await use(connection);
  } catch (error) {
    throw await workerError(error, connection, temporal);
  } finally {
    // a worker that was made and never ran holds it; that it then can't be closed must not hide why
    await connection.close().catch((error: unknown) => {
      logger.debug('the connection to Temporal could not be closed', { error });
    });
  }
}

/** Drains have a task queue of their own, so that planning never waits for one to end. */
function createWorkers(
  temporal: Pick<WorkerOptions, 'connection' | 'namespace'>,
  { worker: { taskQueue, maxConcurrentDrains, heartbeatIntervalMs } }: Settings,
  { drainTopic, ...others }: Activities,
): Promise<Worker[]> {
  const shared = { ...temporal, shutdownForceTime: SHUTDOWN_FORCE_MS };
  const control = Worker.create({ ...shared, taskQueue, activities: others, ...workflowCode() });
  const drains = Worker.create({
    ...shared,
    taskQueue: drainQueueOf(taskQueue),
    activities: { drainTopic },
    maxConcurrentActivityTaskExecutions: maxConcurrentDrains,
    // Cancellation reaches a drain with its next heartbeat.
    maxHeartbeatThrottleInterval: heartbeatIntervalMs,
  });
  return Promise.all([control, drains]);
}

/** The worker's connection. Errors: `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`. */
export async function connect(temporal: TemporalOptions): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(temporal.connection);
  } catch (error) {
    throw await connectionError(error, temporal);
  }
}

function activityDeps(
  { settings, connections, threadEntry: entry = DRAIN_THREAD_ENTRY }: WorkerProcess,
  logger: Logger,
  metrics: ActivityDeps['metrics'],
): ActivityDeps {
  const tokens = createKeptTokens();
  return {
    ...{ settings, tokens },
    connections: () =>
      connections((warning) => {
        logger.warn(warning);
      }),
    openSource: ({ topics, group }, kafka) =>
      createSource({ kafka, topics, group, tokens: tokens.of(kafka) }),
    schemas: createKeptSchemas(),
    startThread: createStartThread({ entry, heapMb: settings.worker.threadHeapMb }),
    metrics,
    logger,
    clock: () => performance.now(),
    wallClock: () => new Date(),
  };
}

function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return existsSync(WORKFLOW_BUNDLE)
    ? { workflowBundle: { codePath: WORKFLOW_BUNDLE } }
    : { workflowsPath: WORKFLOWS };
}

/** `workers` is empty until they are made. */
function probesOf(workers: readonly Worker[]): Probes {
  return {
    live: () => (statesOf(workers).includes('FAILED') ? 'the worker has failed' : null),
    ready: () => {
      if (workers.length === 0) return 'the worker is starting';
      const unready = statesOf(workers).find((state) => state !== 'RUNNING');
      return unready === undefined ? null : `the worker is ${unready.toLowerCase()}`;
    },
  };
}

function logStart(logger: Logger, { worker, pipelines }: Settings, health: string | null): void {
  logger.info('worker started', {
    taskQueue: worker.taskQueue,
    pipelines: [...pipelines.keys()],
    health,
    metrics: worker.metricsAddress,
  });
}

/** A run takes its limits from the schedule: people should know when those aren't the file's. Never keeps a worker from starting. */
async function warnOfStaleSchedules(client: Client, settings: Settings, logger: Logger): Promise<void> {
  for (const pipeline of settings.pipelines.values()) {
    try {
      const { kind, scheduleId, differences } = await scheduleChangeFor(client, settings, pipeline);
      if (kind === 'unchanged') continue;
      const fields = { pipeline: pipeline.name, scheduleId, kind, differences };
      logger.warn(
        'the schedule on the server differs from the configuration: run "kafka-drain apply"',
        fields,
      );
    } catch (error) {
      logger.warn('the schedule could not be compared with the configuration', {
        pipeline: pipeline.name,
        error,
      });
    }
  }
}
