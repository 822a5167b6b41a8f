import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, type MessagePort } from 'node:worker_threads';
import type { DrainDeps, DrainTask } from '../../../src/drain/attempt.js';
import { MIN_PERIOD_MS } from '../../../src/drain/reporter.js';
import { runDrainThread } from '../../../src/drain/thread.js';
import type { ThreadMessage } from '../../../src/drain/thread-messages.js';
import type { ConsumeRequest, PartitionName, RecordBatch } from '../../../src/kafka/source.js';
import { readFaults, recordStrike, type Action, type Place, type Strike } from '../../support/faults.js';

// A drain thread that is the real one but for the faults that a test armed for its pipeline (see test/support/faults.ts).

/** The run that is drained now; a thread may drain several, one after the other. */
let run = runOf('', 1);

function runOf(pipeline: string, attempt: number) {
  return { pipeline, attempt, passed: 0, stayAlive: (): void => undefined, ...readFaults(pipeline) };
}

const ACTIONS: Record<Action, () => Promise<void> | null> = {
  'kill-process': () => {
    process.kill(process.pid, 'SIGKILL');
    return null;
  },
  'never-return': () => new Promise(() => undefined),
  loop: async () => {
    // what was told last remains of the attempt: all that it has committed by now
    await sleep(MIN_PERIOD_MS + 50);
    run.stayAlive();
    for (;;);
  },
  'eat-memory': () => {
    const eaten: unknown[] = [];
    for (;;) eaten.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  },
  throw: () => {
    throw new Error('a step that fails');
  },
  hold: async () => {
    while (readFaults(run.pipeline).strike !== undefined) {
      run.stayAlive();
      await sleep(50);
    }
  },
};

/** `null`: nothing to wait for. */
function pass(place: Place): Promise<void> | null {
  const { strike } = run;
  if (strike?.place !== place || !isStruck(strike)) return null;
  run.passed += 1;
  if (run.passed !== (strike.time ?? 1)) return null;
  return isArmed() && recordStrike(run.pipeline) ? ACTIONS[strike.action]() : null;
}

/** The test may have changed its mind since this attempt began. */
function isArmed(): boolean {
  return JSON.stringify(readFaults(run.pipeline).strike) === JSON.stringify(run.strike);
}

function isStruck({ attempt = 1 }: Strike): boolean {
  return attempt === 'any' || attempt === run.attempt;
}

/** Passes the place while something is under way. */
function passMeanwhile(place: Place): void {
  const { strike } = run;
  if (strike?.place === place) setTimeout(() => void pass(place), strike.delayMs ?? 0);
}

function alter(deps: DrainDeps, task: DrainTask): DrainDeps {
  run = runOf(task.pipeline.name, task.run.attempt);
  let inspections = 0;
  return {
    ...deps,
    report: (progress) => {
      run.stayAlive = () => deps.report(progress);
      deps.report(progress);
    },
    source: {
      ...deps.source,
      inspect: async () => {
        inspections += 1;
        if (inspections === 2) await pass('before-result');
        return deps.source.inspect();
      },
      consume: async (request) => {
        await pass('before-join');
        await deps.source.consume(faulty(request));
      },
    },
    sink: {
      ...deps.sink,
      write: async (models, signal, topic) => {
        const writing = deps.sink.write(models, signal, topic);
        passMeanwhile('mid-write');
        const result = await writing;
        await pass('after-write');
        return result;
      },
      writeDeadLetters: async (letters, signal) => {
        await pass('after-decode');
        await deps.sink.writeDeadLetters(letters, signal);
        await pass('after-dead-letters');
      },
    },
  };
}

function faulty(request: ConsumeRequest): ConsumeRequest {
  const { batchRecords = Infinity, batchDelayMs = 0 } = run;
  const committing = new Map<PartitionName, bigint>();
  return {
    ...request,
    handle: async (batch) => {
      await pass('in-batch');
      if (batchDelayMs > 0) await sleep(batchDelayMs);
      const handled = await request.handle(firstOf(batch, batchRecords));
      if (handled.commit === null) return handled;
      committing.set(batch.partition, handled.commit.offset);
      passMeanwhile('during-commit');
      return handled;
    },
    listener: {
      ...request.listener,
      committed: (partition, offset, metadata) => {
        request.listener.committed(partition, offset, metadata);
        if (committing.get(partition) === offset) void pass('after-commit');
      },
    },
  };
}

function firstOf(batch: RecordBatch, batchRecords: number): RecordBatch {
  const next = batch.records[batchRecords];
  if (next === undefined) return batch;
  return { ...batch, records: batch.records.slice(0, batchRecords), nextOffset: next.offset };
}

/** Before the supervisor hears of the result: it terminates the thread as soon as it does. */
function strikeBeforeResult(port: MessagePort): void {
  const post = port.postMessage.bind(port);
  port.postMessage = (message: ThreadMessage) => {
    const struck = message.kind === 'done' ? pass('after-result') : null;
    if (struck === null) post(message);
    else void struck.then(() => post(message));
  };
}

if (parentPort !== null) strikeBeforeResult(parentPort);
await runDrainThread(alter);
