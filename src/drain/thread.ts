import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { collectionFor } from '../config/collections.js';
import { needsRegistry } from '../config/registry-connection.js';
import { toErrorData } from '../errors.js';
import type { FetchSizes } from '../kafka/consumer.js';
import { createSource } from '../kafka/kafkajs-source.js';
import type { Source } from '../kafka/source.js';
import { createPipelineSink } from '../mongodb/driver-sink.js';
import { createTranscoder, type Transcoder } from '../mongodb/json-to-bson.js';
import { createBsonPassage } from '../mongodb/raw-bson.js';
import type { PipelineSink } from '../mongodb/sink.js';
import type { HttpSchemas } from '../registry/http-schemas.js';
import type { AskedStop, DrainDeps, DrainTask } from './attempt.js';
import { drain } from './drain.js';
import { every } from './every.js';
import { createReporter, type Reporter } from './reporter.js';
import { noteCalls } from './transform-calls.js';
import { loadTransform } from './transform-module.js';
import { createTransformStep } from './transform-step.js';
import type { Rested, SupervisorMessage, ThreadInput, ThreadMessage } from './thread-messages.js';
import { versionOrderOf } from './version.js';

/** What the supervisor wants of the thread: one run, and another when that is over. */
interface RequestedRun {
  /** What to drain; a spare thread waits for it. */
  input: Promise<ThreadInput>;
  asked: AbortSignal;
}

interface Supervisor {
  post: (message: ThreadMessage | Rested) => void;
  /** Another run: what the supervisor says from now on is about this one. */
  next: () => RequestedRun;
  close: () => void;
}

/** Error where this isn't a thread. */
function listen(): Supervisor {
  const port = parentPort;
  if (port === null) throw new Error('the drain thread must be started as a worker thread');
  let run: ReturnType<typeof requestRun> | undefined;
  port.on('message', (message: SupervisorMessage) => {
    if (message.kind === 'start') run?.start(message.input);
    else run?.stop(message.reason);
  });
  return {
    post: (message) => {
      port.postMessage(message);
    },
    next: () => (run = requestRun()),
    close: () => {
      port.close();
    },
  };
}

function requestRun(): RequestedRun & {
  start: (input: ThreadInput) => void;
  stop: (reason: AskedStop) => void;
} {
  let start: (input: ThreadInput) => void = () => undefined;
  const input = new Promise<ThreadInput>((resolve) => {
    start = resolve;
  });
  const asked = new AbortController();
  return {
    input,
    asked: asked.signal,
    start,
    stop: (reason) => {
      asked.abort(reason);
    },
  };
}

/** How tests put a step of their own (a crash point, a loop without end) between the parts. */
type Alter = (deps: DrainDeps, task: DrainTask) => DrainDeps;

const AS_THEY_ARE: Alter = (deps) => deps;

/**
 * The entry of the drain thread: connects, drains, says how it ended. It runs in a thread of its own because a thread can be
 * terminated for real, in an endless loop or out of memory, and because decoding must not hold up the worker.
 * Drains one run after another, as long as nothing of the one before keeps it alive.
 */
export async function runDrainThread(alter = AS_THEY_ARE): Promise<void> {
  const { post, next, close } = listen();
  try {
    let run = next();
    while (await drainOnce(run, alter, post)) {
      await comeToRest();
      run = next();
      post({ kind: 'rested' });
    }
  } finally {
    close();
  }
}

/** Whether the run is done; its supervisor is told what else it is. */
async function drainOnce(
  { input, asked }: RequestedRun,
  alter: Alter,
  post: Supervisor['post'],
): Promise<boolean> {
  try {
    post(await drainAs(await input, alter, createReporter(post), asked));
    return true;
  } catch (error) {
    post({ kind: 'failed', error: toErrorData(error) });
    return false;
  }
}

const REST_CHECK_MS = 10;

/**
 * Until no socket, timer or request keeps the thread alive beside the supervisor's port: sockets take a moment to close. The supervisor
 * ends a thread that takes too long.
 */
async function comeToRest(): Promise<void> {
  do {
    // first of all: sockets that are being closed aren't counted any more, but their listeners are still to be called
    await sleep(REST_CHECK_MS, undefined, { ref: false });
  } while (process.getActiveResourcesInfo().some((resource) => resource !== 'MessagePort'));
}

async function drainAs(
  input: ThreadInput,
  alter: Alter,
  reporter: Reporter,
  asked: AbortSignal,
): Promise<ThreadMessage> {
  // Before anything is opened: its errors are the user's to mend.
  const transform = await openTransform(input, reporter);
  const schemas = await openSchemas(input, reporter);
  const source = openSource(input, reporter);
  let sink: PipelineSink | null = null;
  try {
    sink = await openSink(input, reporter);
    const deps: DrainDeps = {
      source,
      sink,
      schemas,
      clock: () => performance.now(),
      every,
      wallClock: () => new Date(),
      report: reporter.progress,
      counted: reporter.counted,
      transcoder: transcoderFor(input.task.pipeline),
      ...transform,
    };
    return { kind: 'done', outcome: await drain(alter(deps, input.task), input.task, asked) };
  } finally {
    reporter.last();
    schemas?.close();
    await Promise.allSettled([source.close(), sink?.close()]);
  }
}

function transcoderFor({ value, largeIntegers, recordLimits }: DrainTask['pipeline']): Transcoder {
  if (value === 'bson') return createBsonPassage(recordLimits);
  return createTranscoder(recordLimits, { largeIntegers: largeIntegers === 'long' ? 'long' : 'double' });
}

async function openTransform(
  { transform }: ThreadInput,
  { alive }: Reporter,
): Promise<Pick<DrainDeps, 'transform'>> {
  if (transform === null) return {};
  const { settings, calls, partitions, suspects } = transform;
  const notes = noteCalls(calls, partitions);
  const clock = () => performance.now();
  const call = await loadTransform(settings);
  return { transform: createTransformStep(call, { notes, suspects, clock, alive }) };
}

/** A transform may wait for something else: more partitions at once, less of each. */
const SIZES_OF_TRANSFORMS: Partial<FetchSizes> = {
  maxBytesPerPartition: 1024 * 1024,
  maxBytesAlone: 1024 * 1024,
  concurrentPartitions: 4,
};

function openSource({ kafka, token, task, transform }: ThreadInput, reporter: Reporter): Source {
  const { group } = task.pipeline;
  return createSource({
    ...{ kafka, topics: { names: topicsOf(task) }, group, log: reporter.log },
    tokens: { kept: token, changed: reporter.token },
    ...(transform !== null && { fetchSizes: SIZES_OF_TRANSFORMS }),
  });
}

/** What was planned: a topic that came since is the next run's. */
function topicsOf({ plan }: DrainTask): string[] {
  return plan.topics.flatMap(({ topic, gone }) => (gone === true ? [] : [topic]));
}

async function openSchemas(
  { schemaRegistry, schemas, task }: ThreadInput,
  reporter: Reporter,
): Promise<HttpSchemas | null> {
  if (schemaRegistry === null || !needsRegistry(task.pipeline)) return null;
  // Its formats take as long to load as all the rest of the thread, and few pipelines need them.
  const { createHttpSchemas } = await import('../registry/http-schemas.js');
  return createHttpSchemas({
    settings: schemaRegistry,
    kept: schemas,
    fetched: reporter.schema,
    alive: reporter.alive,
    log: (message) => {
      reporter.log('warn', message);
    },
  });
}

async function openSink({ mongodb, task }: ThreadInput, reporter: Reporter): Promise<PipelineSink> {
  const { pipeline } = task;
  const sink = await createPipelineSink({
    ...mongodb,
    topics: topicsOf(task),
    collectionFor: (topic) => collectionFor(pipeline, topic),
    deadLetterCollection: pipeline.deadLetters.collection,
    versionOrder: versionOrderOf(pipeline.version),
    listener: { alive: reporter.alive },
    log: (message) => {
      reporter.log('warn', message);
    },
  });
  return { ...sink, write: reporter.timed(sink.write) };
}
