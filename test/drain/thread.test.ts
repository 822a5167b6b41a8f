import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createStartThread,
  DRAIN_THREAD_ENTRY,
  type DrainThread,
} from '../../src/activities/drain-thread.js';
import type { PipelineSettings } from '../../src/config/settings.js';
import type { DrainOutcome } from '../../src/contract.js';
import type { ThreadInput, ThreadMessage } from '../../src/drain/thread-messages.js';
import { numbers } from '../contract/source-contract.js';
import { openBroker } from '../kafka/broker.js';
import { until } from '../support/until.js';
import { pipeline } from './builders.js';
import { drainOn, inputFor } from './thread-runs.js';

const JUMPING_ENTRY = new URL('./jumping-thread.js', import.meta.url);

/** What a thread of its own ends with; `onMessage` may stop it. */
async function run(
  input: ThreadInput,
  entry: URL,
  onMessage?: (message: ThreadMessage, thread: DrainThread) => void,
): Promise<DrainOutcome> {
  const { last } = await drainOn(createStartThread({ entry, heapMb: 256 }), input, onMessage);
  assert.ok(last.kind === 'done', JSON.stringify(last));
  return last.outcome;
}

describe('the drain thread', () => {
  test('reads its plan to the end, although the wall clock is put forward by an hour meanwhile', async () => {
    await using broker = await openBroker(1);
    await broker.append(0, numbers(3));
    const { stopReason, records } = await run(await inputFor(broker, {}), JUMPING_ENTRY);
    assert.deepEqual([stopReason, records.read], ['drained', 3]);
  });

  test('finishes what it has in hand and ends when it is asked to', async () => {
    await using broker = await openBroker(1);
    await broker.append(0, numbers(3));
    const { limits } = pipeline();
    const rules: Partial<PipelineSettings> = { until: 'idle', limits: { ...limits, idleTimeoutMs: 8_000 } };
    const outcome = await run(await inputFor(broker, rules), DRAIN_THREAD_ENTRY, (message, thread) => {
      if (message.kind === 'progress' && message.progress.read === 3) thread.stop('stopped');
    });
    assert.deepEqual([outcome.stopReason, outcome.records.read], ['stopped', 3]);
  });
});

/** Says when it was loaded, as soon as it is told what to drain. */
const TELLING_ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    const loaded = performance.timeOrigin + performance.now();
    parentPort.on('message', () => {
      parentPort.postMessage({ kind: 'log', level: 'warn', message: String(loaded) });
      parentPort.close();
    });
  `)}`,
);

test('a thread is kept in reserve, loaded before it is needed, and one that ended without a result is not used again', async () => {
  const start = createStartThread({ entry: TELLING_ENTRY, heapMb: 64 });
  const loadedAt = async () => {
    let said = '';
    const thread = start({ transform: null } as unknown as ThreadInput, (message) => {
      if (message.kind === 'log') said = message.message;
    });
    await thread.ended;
    await thread.release();
    return Number(said);
  };
  const seen = new Set<number>();
  await until('a thread that was loaded before it was asked for', async () => {
    const askedAt = performance.timeOrigin + performance.now();
    const loaded = await loadedAt();
    assert.ok(!seen.has(loaded));
    seen.add(loaded);
    if (loaded < askedAt) return true;
    await sleep(3_000);
    return null;
  });
});
