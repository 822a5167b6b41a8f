import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { ActivityDeps } from './activities/deps.js';
import { createStartThread, DRAIN_THREAD_ENTRY } from './activities/drain-thread.js';
import { createActivities } from './activities/index.js';
import type { Settings } from './config/settings.js';
import { DrainError } from './errors.js';
import { createSource } from './kafka/kafkajs-source.js';
import { scheduleChangeFor } from './schedules/apply.js';
import { startHealth } from './telemetry/health.js';
import { createLogger, logLevelFrom, type Logger } from './telemetry/logger.js';
import { createRunMetrics } from './telemetry/metrics.js';
import { installRuntime } from './telemetry/runtime.js';
import { temporalOptions, type Environment, type TemporalOptions } from './temporal.js';

/** Above the grace that a drain has for its batches in hand; then the process ends whatever still runs. */
const SHUTDOWN_FORCE_MS = 30_000;
/** Built ahead (`npm run build`): a worker starts in a quarter of the time. */
const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./workflows/index.js', import.meta.url));

export interface WorkerProcess {
  settings: Settings;
  environment: Environment;
  /** Tests start a drain thread of their own. */
  threadEntry?: URL;
}

/**
 * Runs a worker until the process is told to stop (SIGINT, SIGTERM): configuration → telemetry → connection → worker → run →
 * close. Errors: `TEMPORAL_UNAVAILABLE`, `CONFIG_INVALID` for addresses that can't be listened on.
 */
export async function runWorker({ settings, environment, threadEntry }: WorkerProcess): Promise<void> {
  const logger = createLogger({ level: logLevelFrom(environment) });
  const runtime = await installRuntime({ logger, metricsAddress: settings.worker.metricsAddress });
  const temporal = temporalOptions(environment);
  const connection = await connect(temporal);
  try {
    const metrics = createRunMetrics(runtime.metricMeter);
    const worker = await Worker.create({
      connection,
      namespace: temporal.namespace,
      taskQueue: settings.worker.taskQueue,
      activities: createActivities(activityDeps(settings, logger, metrics, threadEntry)),
      // One more than drains, so that planning is never queued behind them.
      maxConcurrentActivityTaskExecutions: settings.worker.maxConcurrentDrains + 1,
      // Cancellation reaches a drain with its next heartbeat.
      maxHeartbeatThrottleInterval: settings.worker.heartbeatIntervalMs,
      shutdownForceTime: SHUTDOWN_FORCE_MS,
      ...workflowCode(),
    });
    await warnOfStaleSchedules(new Client({ connection, namespace: temporal.namespace }), settings, logger);
    await runHealthy(worker, settings, logger);
  } finally {
    await connection.close();
  }
}

async function connect({ connection }: TemporalOptions): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(connection);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DrainError(
      'TEMPORAL_UNAVAILABLE',
      `Temporal at ${connection.address} cannot be reached: ${reason}. Set TEMPORAL_ADDRESS, or start the server.`,
      { cause: error },
    );
  }
}

function activityDeps(
  settings: Settings,
  logger: Logger,
  metrics: ActivityDeps['metrics'],
  entry: URL = DRAIN_THREAD_ENTRY,
): ActivityDeps {
  return {
    settings,
    openSource: ({ topic, group }) => createSource({ kafka: settings.kafka, topic, group }),
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

async function runHealthy(worker: Worker, settings: Settings, logger: Logger): Promise<void> {
  const health = await startHealth(settings.worker.healthAddress, {
    live: () => (worker.getState() === 'FAILED' ? 'the worker has failed' : null),
    ready: () =>
      worker.getState() === 'RUNNING' ? null : `the worker is ${worker.getState().toLowerCase()}`,
  });
  logger.info('worker started', {
    taskQueue: settings.worker.taskQueue,
    pipelines: [...settings.pipelines.keys()],
    health: health.address,
    metrics: settings.worker.metricsAddress,
  });
  try {
    await worker.run();
    logger.info('worker stopped');
  } finally {
    await health.close();
  }
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
