import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { createStartThread } from '../../src/activities/drain-thread.js';
import type { PipelineSettings } from '../../src/config/settings.js';
import type { ThreadInput } from '../../src/drain/thread-messages.js';
import { sharedCalls } from '../../src/drain/transform-calls.js';
import { partitionName } from '../../src/kafka/source.js';
import { numbers } from '../contract/source-contract.js';
import { openBroker, type Broker } from '../kafka/broker.js';
import { stackFromEnvironment, temporaryFolder } from '../support/stack.js';
import { until } from '../support/until.js';
import { pipeline } from './builders.js';
import { drainOn, inputFor } from './thread-runs.js';

/** The pipeline whose runs leave a timer behind (`telling-thread.ts`). */
const LEAVING = 'leaves-a-timer';

const TELLING_ID_ENTRY = new URL('./telling-thread.js', import.meta.url);

/** Only bounds a wait that would never end; within a mutant's time. */
const LIMIT_MS = 40_000;

/** For entries that drain nothing. */
const WITHOUT_TASK = { transform: null } as unknown as ThreadInput;

const SILENT_ENTRY = new URL('data:text/javascript,setInterval(() => undefined, 1_000);');

async function documentsIn(databases: readonly string[]): Promise<number[]> {
  const client = new MongoClient(stackFromEnvironment().mongodb);
  try {
    const { collection } = pipeline();
    return await Promise.all(
      databases.map((name) => client.db(name).collection(collection).countDocuments()),
    );
  } finally {
    await client.close();
  }
}

describe('a thread that has drained', () => {
  const folder = temporaryFolder('transforms');
  after(folder.remove);
  const start = createStartThread({ entry: TELLING_ID_ENTRY, heapMb: 256 });
  const inputOf = async (broker: Broker, rules: Partial<PipelineSettings> = {}) => {
    await broker.append(0, numbers(3));
    return inputFor(broker, rules);
  };

  test('drains again, another topic into another database', async () => {
    let before = '';
    const databases: string[] = [];
    await until(
      'a thread drains again',
      async () => {
        await using broker = await openBroker(1);
        const input = await inputOf(broker);
        const { logged: id, last } = await drainOn(start, input);
        assert.ok(last.kind === 'done', JSON.stringify(last));
        assert.deepEqual([last.outcome.stopReason, last.outcome.records.read], ['drained', 3]);
        databases.push(input.mongodb.database);
        assert.deepEqual(await documentsIn(databases), databases.map(() => 3)); // prettier-ignore
        if (id === before) return true;
        before = id;
        return null;
      },
      LIMIT_MS,
    );
  });

  const untilGone = ({ isGone }: { isGone: () => boolean }) =>
    until('the thread is gone', () => Promise.resolve(isGone() || null), LIMIT_MS);

  test('is ended, before anybody goes on, where it has not said that it is done', async () => {
    const silent = createStartThread({ entry: SILENT_ENTRY, heapMb: 64 })(WITHOUT_TASK, () => undefined);
    let isGone = false;
    void silent.ended.then(() => {
      isGone = true;
    });
    await silent.release();
    await turn();
    assert.ok(isGone);
  });

  test('is ended where it was asked to stop', async () => {
    await using broker = await openBroker(1);
    const { limits } = pipeline();
    const input = await inputOf(broker, { until: 'idle', limits: { ...limits, idleTimeoutMs: 8_000 } });
    const stopped = await drainOn(start, input, (message, thread) => {
      if (message.kind === 'progress' && message.progress.read === 3) thread.stop('stopped');
    });
    assert.equal(stopped.last.kind, 'done');
    await untilGone(stopped);
  });

  test('is ended where its run failed', async () => {
    await using broker = await openBroker(1);
    const input = await inputOf(broker);
    const failed = await drainOn(start, { ...input, kafka: { ...input.kafka, brokers: ['127.0.0.1:1'] } });
    assert.equal(failed.last.kind, 'failed');
    await untilGone(failed);
  });

  test('is ended where something of its run is left', async () => {
    await using broker = await openBroker(1);
    const leaving = await drainOn(start, await inputOf(broker, { name: LEAVING }));
    assert.equal(leaving.last.kind, 'done');
    await untilGone(leaving);
  });

  test('is ended where its run had a transform', async () => {
    await using broker = await openBroker(1);
    const input = await inputOf(broker);
    const text = 'export default () => ({ a: 1 });';
    const file = join(folder.path, 'transform.mjs');
    writeFileSync(file, text);
    const transform = {
      settings: { file, hash: createHash('sha256').update(text).digest('hex') },
      calls: sharedCalls(1),
      partitions: [partitionName({ topic: broker.topic, partition: 0 })],
      suspects: [],
    };
    const transformed = await drainOn(start, { ...input, transform });
    assert.equal(transformed.last.kind, 'done', JSON.stringify(transformed.last));
    await untilGone(transformed);
  });
});

/** Says which thread it is, that it rests and is done, in that order: so it rests when it is asked for again. Drains nothing. */
const IDLE_ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from 'node:worker_threads';
    parentPort.on('message', () => {
      parentPort.postMessage({ kind: 'log', level: 'warn', message: String(threadId) });
      parentPort.postMessage({ kind: 'rested' });
      parentPort.postMessage({ kind: 'done' });
    });
  `)}`,
);

test('a thread is ended after a hundred runs, whatever its libraries have forgotten to let go of', async () => {
  const start = createStartThread({ entry: IDLE_ENTRY, heapMb: 64 });
  const runs = new Map<string, number>();
  for (let run = 0; run < 250; run += 1) {
    const { logged } = await drainOn(start, WITHOUT_TASK);
    runs.set(logged, (runs.get(logged) ?? 0) + 1);
    await turn();
  }
  assert.deepEqual([...runs.values()], [100, 100, 50]);
});
