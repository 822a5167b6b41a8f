import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { supervise } from '../../src/activities/supervise.js';
import { suspectsIn } from '../../src/activities/suspects.js';
import type { DrainProgress, Suspect } from '../../src/contract.js';
import type { ThreadMessage } from '../../src/drain/thread-messages.js';
import type { RecordPlace } from '../../src/drain/transform-calls.js';
import { DrainError } from '../../src/errors.js';

const STALL_MS = 20_000;
const KILL_MS = 100_000;
const CALL: RecordPlace = { partition: 'orders-0', offset: 1042n };

function suspect(overrides: Partial<Suspect> = {}): Suspect {
  return { partition: 'orders-0', offset: '1042', kills: 1, ...overrides };
}

const PROGRESS: DrainProgress = {
  ...{ phase: 'draining', read: 1, written: 1, lag: 0, ratePerSecond: 0, budgetLeftSeconds: 0 },
  ...{ deadLettered: 0, resumed: false, committed: [] },
};

/** A thread whose calls the test notes, a clock that the test moves, and the suspects in every heartbeat. */
function superviseFake(t: TestContext, earlier: readonly Suspect[] = []) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const cancel = new AbortController();
  const beats: (readonly Suspect[] | undefined)[] = [];
  let now = 0;
  let calls: RecordPlace[] = [];
  let say: (message: ThreadMessage) => void = () => undefined;
  let crash: (error: Error) => void = () => undefined;
  const ended = new Promise<void>((_, reject) => {
    crash = reject;
  });
  const result = supervise(
    (onMessage) => {
      say = onMessage;
      return { stop: () => undefined, release: () => Promise.resolve(), ended };
    },
    {
      times: { budgetMs: 80_000, stopByMs: 80_000, killMs: KILL_MS },
      ...{ stallTimeoutMs: STALL_MS, heartbeatIntervalMs: 500, clock: () => now },
      heartbeat: ({ suspects }) => void beats.push(suspects),
      ...{ cancelled: cancel.signal, onMessage: () => undefined },
      transformCalls: { underWay: () => calls, earlier },
    },
  );
  result.catch(() => undefined);
  return {
    beats,
    call: (...under: RecordPlace[]) => {
      calls = under;
    },
    alive: () => {
      say({ kind: 'progress', progress: PROGRESS });
    },
    crash,
    fail: (code: 'MONGODB_UNAVAILABLE') => {
      say({ kind: 'failed', error: { code, message: 'nobody answers' } });
    },
    cancel: (reason: string) => {
      cancel.abort(new CancelledFailure(reason));
    },
    pass: async (ms: number, sign?: () => void) => {
      for (let passed = 0; passed < ms; passed += 100) {
        sign?.();
        now += 100;
        t.mock.timers.tick(100);
        await turn();
      }
    },
    failure: async (): Promise<DrainError> => {
      const error: unknown = await result.then(
        () => null,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof DrainError, String(error));
      return error;
    },
  };
}

describe('a record whose transform is under way when the attempt is killed', () => {
  test('is no suspect where the drain was asked to stop and its call takes longer than that may', async (t) => {
    const drain = superviseFake(t);
    drain.alive();
    drain.call(CALL);
    drain.cancel('WORKER_SHUTDOWN');
    await drain.pass(16_000, drain.alive);
    const { code, message } = await drain.failure();
    assert.equal(code, 'HARD_KILLED');
    assert.doesNotMatch(message, /orders-0/);
    assert.equal(drain.beats.at(-1), undefined);
  });

  for (const code of ['THREAD_OUT_OF_MEMORY', 'THREAD_FAILED', 'HARD_KILLED'] as const) {
    test(`is told by the last heartbeat and named in the failure: ${code}`, async (t) => {
      const drain = superviseFake(t);
      drain.call(CALL);
      drain.crash(new DrainError(code, 'It is over.'));
      const { code: its, message } = await drain.failure();
      assert.equal(its, code);
      assert.equal(message, 'It is over. Under way was the transform of orders-0 offset 1042.');
      assert.deepEqual(drain.beats.at(-1), [suspect()]);
    });
  }

  test('is told where the thread was silent', async (t) => {
    const drain = superviseFake(t);
    await drain.pass(STALL_MS - 500);
    drain.call(CALL);
    await drain.pass(500);
    assert.equal((await drain.failure()).code, 'THREAD_SILENT');
    assert.deepEqual(drain.beats.at(-1), [suspect()]);
  });

  test('is told with what the thread said last', async (t) => {
    const drain = superviseFake(t);
    drain.alive();
    drain.call(CALL);
    drain.crash(new DrainError('THREAD_FAILED', 'It is over.'));
    await drain.failure();
    assert.deepEqual(drain.beats, [undefined, [suspect()], [suspect()]]);
  });

  test('has one kill more where the attempt before was killed with it; other suspects stay as they were', async (t) => {
    const other = suspect({ partition: 'orders-1', offset: '7' });
    const drain = superviseFake(t, [other, suspect()]);
    assert.deepEqual(drain.beats, [[other, suspect()]], 'what is known is never lost');
    drain.call(CALL);
    drain.crash(new DrainError('THREAD_FAILED', 'It is over.'));
    await drain.failure();
    assert.deepEqual(drain.beats.at(-1), [suspect({ kills: 2 }), other]);
  });

  test('is one of a few named in the failure, and of no more than a hundred in the heartbeat', async (t) => {
    const drain = superviseFake(t);
    drain.call(...Array.from({ length: 120 }, (_, index) => ({ ...CALL, partition: `p-${String(index)}` })));
    drain.crash(new DrainError('THREAD_FAILED', 'It is over.'));
    assert.match((await drain.failure()).message, /p-0 offset 1042, p-1 .*, p-2 .* and 117 more\.$/);
    assert.equal(drain.beats.at(-1)?.length, 100);
  });
});

describe('a transform that does not settle', () => {
  test('ends the attempt after the stall timeout, although the rest gives signs of life', async (t) => {
    const drain = superviseFake(t);
    drain.call(CALL);
    await drain.pass(STALL_MS + 100, drain.alive);
    const { code, message, retryable } = await drain.failure();
    assert.deepEqual([code, retryable], ['TRANSFORM_SILENT', true]);
    assert.match(message, /the transform of orders-0 offset 1042 did not settle within 20 s/);
    assert.deepEqual(drain.beats.at(-1), [suspect()]);
  });

  test('is another one as soon as the record is another', async (t) => {
    const drain = superviseFake(t);
    for (const offset of [1n, 2n, 3n]) {
      drain.call({ ...CALL, offset });
      await drain.pass(STALL_MS - 200, drain.alive);
    }
    drain.fail('MONGODB_UNAVAILABLE');
    assert.equal((await drain.failure()).code, 'MONGODB_UNAVAILABLE');
  });

  test('is told while it lasts, once where there are no other signs of life, since the process may end with it', async (t) => {
    const drain = superviseFake(t);
    drain.call(CALL);
    await drain.pass(1_000);
    assert.deepEqual(drain.beats, [undefined]);
    await drain.pass(5_000);
    assert.deepEqual(drain.beats, [undefined, [suspect()]]);
    drain.alive();
    await drain.pass(500);
    assert.deepEqual(drain.beats.slice(-1), [[suspect()]]);
    drain.call();
    drain.alive();
    await drain.pass(500);
    assert.deepEqual(drain.beats.slice(-1), [undefined], 'it has returned');
  });
});

describe('an attempt that is not killed', () => {
  test('suspects nothing, and takes back what it told', async (t) => {
    const drain = superviseFake(t);
    drain.call(CALL);
    await drain.pass(2_000);
    assert.deepEqual(drain.beats.at(-1), [suspect()]);
    drain.fail('MONGODB_UNAVAILABLE');
    assert.equal((await drain.failure()).message, 'nobody answers');
    assert.equal(drain.beats.at(-1), undefined);
  });

  test('passes on what the attempts before have found', async (t) => {
    const drain = superviseFake(t, [suspect()]);
    drain.call({ ...CALL, offset: 7n });
    drain.fail('MONGODB_UNAVAILABLE');
    await drain.failure();
    assert.deepEqual(drain.beats, [[suspect()]]);
  });
});

describe('the suspects in a heartbeat', () => {
  test('are read back as they were told', () => {
    const told: unknown = JSON.parse(JSON.stringify({ ...PROGRESS, suspects: [suspect()] }));
    assert.deepEqual(suspectsIn(told), [suspect()]);
  });

  test('are none where there is no heartbeat, or something else is in it', () => {
    const odd = [null, {}, { partition: 'orders-0', offset: 1042, kills: 1 }];
    for (const details of [undefined, null, 5, PROGRESS, { suspects: 'x' }, { suspects: odd }]) {
      assert.deepEqual(suspectsIn(details), []);
    }
  });
});
