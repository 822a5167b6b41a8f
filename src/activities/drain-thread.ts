import { Worker } from 'node:worker_threads';
import type { AskedStop } from '../drain/attempt.js';
import type { StopMessage, ThreadInput, ThreadMessage } from '../drain/thread-messages.js';
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

export function createStartThread({ entry, heapMb }: ThreadOptions): StartThread {
  return (input, onMessage) => {
    const worker = new Worker(entry, {
      workerData: input,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      name: `drain-${input.task.pipeline.name}`,
    });
    worker.on('message', onMessage);
    return {
      stop: (reason) => {
        worker.postMessage({ kind: 'stop', reason } satisfies StopMessage);
      },
      terminate: async () => {
        await worker.terminate();
      },
      ended: endOf(worker, input.transform === null ? threadFailed : transformingFailed, heapMb),
    };
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
