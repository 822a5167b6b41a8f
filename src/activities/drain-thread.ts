import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { AskedStop } from '../drain/attempt.js';
import type { SupervisorMessage, ThreadInput, ThreadMessage } from '../drain/thread-messages.js';
import { DrainError } from '../errors.js';

/** A running drain thread as its supervisor sees it. */
export interface DrainThread {
  /** Asks it to finish the batches in hand, commit and end. */
  stop: (reason: AskedStop) => void;
  /** Ends it for real, whatever it is doing. Resolves when it is gone. */
  terminate: () => Promise<void>;
  /** Settles when the thread is gone: rejects with `THREAD_OUT_OF_MEMORY` or `THREAD_FAILED` where it couldn't say why. */
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

/** Half of V8's own measure for a thread: 20 MB less, at 5 % more CPU. */
const YOUNG_MB = 24;

/**
 * How much a heap may grow before V8 marks all of it, percent of what was alive. By itself V8 takes about 30 for a heap with so
 * low a limit, and then marks everything with each fetch: a fifth of a drain's CPU, most of it on threads beside ours. It is of
 * the whole process.
 */
const HEAP_GROWING_PERCENT = 100;

/** So long after a run, or a worker's start, nothing that just goes on is slowed down by making a spare thread. */
const SPARE_AFTER_MS = 2_000;

/**
 * Starts drain threads. One is kept in reserve, its modules loaded and nothing opened: to load them takes longer than a small run.
 * Each thread is used for one run.
 */
export function createStartThread({ entry, heapMb }: ThreadOptions): StartThread {
  const create = () => {
    const resourceLimits = { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_MB };
    return new Worker(entry, { resourceLimits, name: 'drain' });
  };
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWING_PERCENT)}`);
  const spare = keepSpare(create);
  spare.makeLater();
  return (input, onMessage) => {
    const worker = spare.take() ?? create();
    worker.on('message', onMessage);
    const ended = endOf(worker, input.transform === null ? threadFailed : transformingFailed, heapMb);
    const send = (message: SupervisorMessage) => {
      worker.postMessage(message);
    };
    send({ kind: 'start', input });
    return {
      stop: (reason) => {
        send({ kind: 'stop', reason });
      },
      terminate: async () => {
        await worker.terminate();
        spare.makeLater();
      },
      ended,
    };
  };
}

interface Spare {
  /** `null`: there is none. */
  take: () => Worker | null;
  makeLater: () => void;
}

function keepSpare(create: () => Worker): Spare {
  let spare: Worker | null = null;
  let timer: NodeJS.Timeout | undefined;
  const forget = () => {
    spare = null;
  };
  const make = () => {
    if (spare !== null) return;
    try {
      spare = create();
      // What keeps it from starting is told by the run that needs it. It must not keep the process alive.
      spare.on('error', forget).on('exit', forget).unref();
    } catch {
      spare = null;
    }
  };
  return {
    take: () => {
      const taken = spare;
      spare = null;
      taken?.off('error', forget).off('exit', forget).ref();
      return taken;
    },
    makeLater: () => {
      clearTimeout(timer);
      timer = setTimeout(make, SPARE_AFTER_MS).unref();
    },
  };
}

function endOf(worker: Worker, failed: (error: Error) => DrainError, heapMb: number): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('error', (error: Error & { code?: string }) => {
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfMemory(heapMb) : failed(error));
    });
    worker.on('exit', () => {
      resolve();
    });
  });
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
