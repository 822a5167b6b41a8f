import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { AskedStop } from '../drain/attempt.js';
import type { Rested, SupervisorMessage, ThreadInput, ThreadMessage } from '../drain/thread-messages.js';
import { DrainError } from '../errors.js';
import { keepSpare } from './spare-thread.js';

/** A drain thread and the run that it was started with, as its supervisor sees them. */
export interface DrainThread {
  /** Asks it to finish the batches in hand, commit and end. */
  stop: (reason: AskedStop) => void;
  /**
   * Nobody needs it any more. Ends it for real, whatever it is doing, and resolves when it is gone. Where it has said that its run is
   * done, unasked, it resolves at once, and the thread may drain again.
   */
  release: () => Promise<void>;
  /** Settles when the thread is gone, never where it drains again: rejects with `THREAD_OUT_OF_MEMORY` or `THREAD_FAILED` where it couldn't say why. */
  ended: Promise<void>;
}

export type StartThread = (input: ThreadInput, onMessage: (message: ThreadMessage) => void) => DrainThread;

export interface ThreadOptions {
  /** The compiled entry; tests start one of their own. */
  entry: URL;
  /** JavaScript heap, MiB. Buffers aren't counted, they are bounded by the fetch size. */
  heapMb: number;
}

/** The entry that ships with the product. */
export const DRAIN_THREAD_ENTRY = new URL('../drain/thread-main.js', import.meta.url);

/**
 * Half of V8's own measure, MiB; the young generation takes up to three times as much. It is of all threads that start from then on: the
 * worker's own heap needs less, which the image's environment sees to.
 */
const SEMI_SPACE_MB = 8;

/**
 * How much a heap may grow before V8 marks all of it, percent of what was alive. By itself V8 takes about 30 for a heap with so
 * low a limit, and then marks everything with each fetch: a fifth of a drain's CPU, most of it on threads beside ours. It is of
 * the whole process.
 */
const HEAP_GROWING_PERCENT = 100;

/** So many runs: whatever a library forgets to let go of, it isn't there for ever. */
const RUNS_PER_THREAD = 100;

/**
 * Starts drain threads. One is kept in reserve, its modules loaded and nothing opened: to load them takes longer than a small run.
 * One that has drained is kept rather than a new one, since V8 has compiled what it runs; but none that has failed, was asked to
 * stop, has anything left open, or ran a transform, whose module has a state of its own and may be another the next time.
 */
export function createStartThread({ entry, heapMb }: ThreadOptions): StartThread {
  const create = () => {
    // A limit of the thread's own would count less than what the environment says. Not sooner, for threads of Temporal's that start before.
    setFlagsFromString(`--max-semi-space-size=${String(SEMI_SPACE_MB)}`);
    return new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb: heapMb }, name: 'drain' });
  };
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWING_PERCENT)}`);
  // Its helpers would have to wait for cores that MongoDB uses, and the drain for them; of the whole process, too.
  setFlagsFromString('--no-parallel-scavenge');
  const spare = keepSpare(create);
  const runs = new WeakMap<Worker, number>();
  const end = async (worker: Worker) => {
    await worker.terminate();
    spare.makeLater();
  };
  const keepRested = async (worker: Worker, rested: Promise<boolean>) => {
    worker.unref();
    if ((await rested) && (runs.get(worker) ?? 0) < RUNS_PER_THREAD) spare.keep(worker);
    else await end(worker);
  };
  spare.makeLater();
  return (input, onMessage) => {
    const worker = spare.take() ?? create();
    runs.set(worker, (runs.get(worker) ?? 0) + 1);
    const run = hearRun(worker, onMessage, failuresOf(input, heapMb));
    const send = (message: SupervisorMessage) => {
      worker.postMessage(message);
    };
    let mayRest = input.transform === null;
    send({ kind: 'start', input });
    return {
      stop: (reason) => {
        mayRest = false;
        send({ kind: 'stop', reason });
      },
      release: async () => {
        if (mayRest && run.isDone()) void keepRested(worker, run.rested());
        else await end(worker);
      },
      ended: run.ended,
    };
  };
}

/** One run of a thread, as whoever started it hears of it. */
interface HeardRun {
  ended: Promise<void>;
  isDone: () => boolean;
  /** Passes on nothing more. Resolves with whether the thread has said, in time, that nothing of the run keeps it alive. */
  rested: () => Promise<boolean>;
}

/** Sockets close within milliseconds; a thread that something else keeps alive is ended. */
const REST_MS = 10_000;

function hearRun(
  worker: Worker,
  onMessage: (message: ThreadMessage) => void,
  failureOf: (error: Error & { code?: string }) => DrainError,
): HeardRun {
  let isDone = false;
  let isGone = false;
  let pass = onMessage;
  let fail: (error: Error) => void = () => undefined;
  let end: () => void = () => undefined;
  let rest: (rested: boolean) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    [end, fail] = [resolve, reject];
  });
  const rested = new Promise<boolean>((resolve) => {
    rest = resolve;
  });
  const listeners = {
    message: (message: ThreadMessage | Rested) => {
      if (message.kind === 'rested') rest(true);
      else {
        isDone ||= message.kind === 'done';
        pass(message);
      }
    },
    error: (error: Error) => {
      isGone = true;
      fail(failureOf(error));
    },
    exit: () => {
      isGone = true;
      end();
      rest(false);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) worker.on(name, listener);
  return {
    ended,
    isDone: () => isDone,
    rested: async () => {
      pass = () => undefined;
      const timer = setTimeout(rest, REST_MS, false).unref();
      // its end may come right behind its last words
      const result = (await rested) && !isGone;
      clearTimeout(timer);
      // Those of a thread that is ended stay: an error that nobody hears ends the process.
      if (result) for (const [name, listener] of Object.entries(listeners)) worker.off(name, listener);
      return result;
    },
  };
}

function failuresOf(
  { transform }: ThreadInput,
  heapMb: number,
): (error: Error & { code?: string }) => DrainError {
  const failed = transform === null ? threadFailed : transformingFailed;
  return (error) => (error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfMemory(heapMb) : failed(error));
}

function outOfMemory(heapMb: number): DrainError {
  return new DrainError(
    'THREAD_OUT_OF_MEMORY',
    `the drain thread used more than its ${String(heapMb)} MiB of heap and was ended; the worker is unharmed. ` +
      'Raise "worker.threadHeapMb", or look for unusually large records.',
  );
}

function threadFailed(error: Error): DrainError {
  return new DrainError(
    'THREAD_FAILED',
    `the drain thread ended unexpectedly: ${error.name}: ${error.message}`,
    {
      cause: error,
    },
  );
}

/** What a transform has left to itself may hold contents of records: only the kind of the error is told, if it is a known one. */
function transformingFailed(error: Error): DrainError {
  const kind = error.name in globalThis ? error.name : 'Error';
  return new DrainError(
    'THREAD_FAILED',
    `the drain thread ended by an error that nobody caught (${kind}), perhaps of a promise that the transform doesn't wait for. ` +
      'What was committed is kept.',
    { cause: error },
  );
}
