import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import type { DrainThread } from '../../src/activities/drain-thread.js';
import { supervise } from '../../src/activities/supervise.js';
import { NO_RECORDS, type DrainOutcome, type DrainProgress } from '../../src/contract.js';
import type { AskedStop } from '../../src/drain/attempt.js';
import type { ThreadMessage } from '../../src/drain/thread-messages.js';
import { DrainError } from '../../src/errors.js';

const OUTCOME: DrainOutcome = {
  stopReason: 'drained',
  attempt: 1,
  resumed: false,
  lagAfter: 0,
  records: NO_RECORDS,
  bytes: 0,
  warnings: [],
  lost: [],
  topics: [],
  partitions: [],
};
const KILL_MS = 100_000;
const STALL_MS = 20_000;
const BEAT_MS = 1_000;
const GRACE_MS = 15_000;

function progress(read: number): DrainProgress {
  return {
    phase: 'draining',
    read,
    written: read,
    lag: 0,
    ratePerSecond: 0,
    budgetLeftSeconds: 0,
    deadLettered: 0,
    resumed: false,
    committed: [],
  };
}

/** A thread that does what the test says, a clock that the test moves, and everything that was asked of either. */
function superviseFake(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const cancel = new AbortController();
  const beats: number[] = [];
  const stops: AskedStop[] = [];
  let now = 0;
  let released = 0;
  let say: (message: ThreadMessage) => void = () => undefined;
  let end: () => void = () => undefined;
  let crash: (error: Error) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    crash = reject;
  });
  const thread: DrainThread = {
    stop: (reason) => void stops.push(reason),
    release: () => {
      released += 1;
      return Promise.resolve();
    },
    ended,
  };
  const result = supervise(
    (onMessage) => {
      say = onMessage;
      return thread;
    },
    {
      times: { budgetMs: 80_000, stopByMs: 80_000, killMs: KILL_MS },
      stallTimeoutMs: STALL_MS,
      heartbeatIntervalMs: BEAT_MS,
      clock: () => now,
      heartbeat: ({ read }) => void beats.push(read),
      cancelled: cancel.signal,
      onMessage: () => undefined,
    },
  );
  result.catch(() => undefined);
  return {
    result,
    beats,
    stops,
    released: () => released,
    say,
    finish: (outcome: Partial<DrainOutcome> = {}) => {
      say({ kind: 'done', outcome: { ...OUTCOME, ...outcome } });
      end();
    },
    fail: (error: DrainError) => {
      say({ kind: 'failed', error: { code: error.code, message: error.message } });
      end();
    },
    end,
    crash,
    cancel: (reason: string) => {
      cancel.abort(new CancelledFailure(reason));
    },
    /** Moves the clock in small steps, the thread giving a sign of life with each one if wanted. */
    pass: async (ms: number, sign?: () => void) => {
      for (let passed = 0; passed < ms; passed += 100) {
        sign?.();
        now += 100;
        t.mock.timers.tick(100);
        await turn();
      }
    },
  };
}

async function codeOf(result: Promise<unknown>): Promise<string> {
  const error: unknown = await result.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof DrainError ? error.code : String(error);
}

describe('the supervisor of a drain thread', () => {
  test("returns the thread's outcome and leaves no thread behind", async (t) => {
    const drain = superviseFake(t);
    drain.finish({ lagAfter: 7 });
    assert.equal((await drain.result).lagAfter, 7);
    assert.equal(drain.released(), 1);
  });

  test('sends a heartbeat at the start, then only after a sign of life, never more often than configured', async (t) => {
    const drain = superviseFake(t);
    assert.deepEqual(drain.beats, [0]);
    let read = 0;
    await drain.pass(3_100, () => {
      drain.say({ kind: 'progress', progress: progress((read += 1)) });
    });
    assert.equal(drain.beats.length, 4);
    const sent = [...drain.beats];
    await drain.pass(10_000);
    assert.deepEqual(drain.beats.slice(sent.length), [31], 'the newest is sent once, and not again');
  });

  test('sends the last progress before it returns, however soon after the one before', async (t) => {
    const drain = superviseFake(t);
    drain.say({ kind: 'progress', progress: progress(5) });
    drain.finish();
    await drain.result;
    assert.deepEqual(drain.beats, [0, 5]);
  });

  test('terminates a thread that is silent for the stall timeout', async (t) => {
    const drain = superviseFake(t);
    await drain.pass(STALL_MS - 1_000);
    drain.say({ kind: 'batch-written', durationMs: 1 });
    await drain.pass(STALL_MS - 100);
    assert.equal(drain.released(), 0);
    await drain.pass(100);
    assert.equal(await codeOf(drain.result), 'THREAD_SILENT');
    assert.equal(drain.released(), 1);
  });

  test('terminates a thread that is too old, however lively', async (t) => {
    const drain = superviseFake(t);
    await drain.pass(KILL_MS - 100, () => {
      drain.say({ kind: 'progress', progress: progress(1) });
    });
    assert.equal(drain.released(), 0);
    await drain.pass(100);
    assert.equal(await codeOf(drain.result), 'HARD_KILLED');
    assert.equal(drain.released(), 1);
  });

  for (const [reason, stop] of [
    ['CANCELLED', 'stopped'],
    ['WORKER_SHUTDOWN', 'shutdown'],
  ] as const) {
    test(`on ${reason} asks the thread to stop and returns its partial outcome`, async (t) => {
      const drain = superviseFake(t);
      drain.cancel(reason);
      assert.deepEqual(drain.stops, [stop]);
      drain.finish({ stopReason: stop });
      assert.equal((await drain.result).stopReason, stop);
    });

    test(`on ${reason} says so when the thread fails instead of stopping, since what it committed would be denied`, async (t) => {
      const drain = superviseFake(t);
      drain.cancel(reason);
      drain.fail(new DrainError('MONGODB_UNAVAILABLE', 'nobody answers'));
      assert.equal(await codeOf(drain.result), 'MONGODB_UNAVAILABLE');
    });

    test(`on ${reason} terminates a thread that doesn't stop within its grace`, async (t) => {
      const drain = superviseFake(t);
      drain.cancel(reason);
      await drain.pass(GRACE_MS - 100);
      assert.equal(drain.released(), 0);
      await drain.pass(100);
      assert.equal(await codeOf(drain.result), 'HARD_KILLED');
      assert.equal(drain.released(), 1);
    });
  }

  test('a wish to stop never prolongs the life of an attempt', async (t) => {
    const drain = superviseFake(t);
    const alive = () => {
      drain.say({ kind: 'progress', progress: progress(1) });
    };
    await drain.pass(KILL_MS - 5_000, alive);
    drain.cancel('CANCELLED');
    await drain.pass(5_000, alive);
    assert.equal(await codeOf(drain.result), 'HARD_KILLED');
  });

  for (const reason of ['TIMED_OUT', 'NOT_FOUND']) {
    test(`on ${reason} ends the thread at once, since another attempt may have begun, and rethrows the reason`, async (t) => {
      const drain = superviseFake(t);
      drain.cancel(reason);
      await assert.rejects(drain.result, new CancelledFailure(reason));
      assert.deepEqual(drain.stops, []);
      assert.equal(drain.released(), 1);
    });
  }

  for (const reason of ['PAUSED', 'RESET']) {
    test(`on ${reason} lets the thread commit what it has in hand, then rethrows the reason`, async (t) => {
      const drain = superviseFake(t);
      drain.cancel(reason);
      assert.deepEqual(drain.stops, ['stopped']);
      drain.finish({ stopReason: 'stopped' });
      await assert.rejects(drain.result, new CancelledFailure(reason));
    });
  }

  test('passes on what the thread failed with', async (t) => {
    const drain = superviseFake(t);
    drain.fail(new DrainError('STALLED', 'nothing arrived'));
    await assert.rejects(drain.result, new DrainError('STALLED', 'nothing arrived'));
  });

  test('passes on why a thread was ended from outside', async (t) => {
    const drain = superviseFake(t);
    drain.crash(new DrainError('THREAD_OUT_OF_MEMORY', 'too much'));
    assert.equal(await codeOf(drain.result), 'THREAD_OUT_OF_MEMORY');
  });

  test('a thread that cannot be started has failed, and nothing goes on watching', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const rejected: unknown[] = [];
    const note = (reason: unknown) => void rejected.push(reason);
    process.on('unhandledRejection', note);
    let now = 0;
    const result = supervise(
      () => {
        throw new Error('no more threads');
      },
      {
        times: { budgetMs: 80_000, stopByMs: 80_000, killMs: KILL_MS },
        ...{ stallTimeoutMs: STALL_MS, heartbeatIntervalMs: BEAT_MS, clock: () => now },
        ...{ heartbeat: () => undefined, onMessage: () => undefined },
        cancelled: new AbortController().signal,
      },
    );
    await assert.rejects(result, { code: 'THREAD_FAILED', message: /no more threads/ });
    now = 2 * KILL_MS;
    t.mock.timers.tick(2 * KILL_MS);
    await turn();
    process.off('unhandledRejection', note);
    assert.deepEqual(rejected, []);
  });

  test('a thread that ends without a word has failed', async (t) => {
    const drain = superviseFake(t);
    drain.end();
    assert.equal(await codeOf(drain.result), 'THREAD_FAILED');
  });
});
