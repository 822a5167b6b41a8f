import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Worker } from '@temporalio/worker';
import { DrainError } from '../../src/errors.js';
import { runTogether } from '../../src/temporal/run-together.js';
import { until } from '../support/until.js';

/** Of a worker what is used here: a state, an end, and the order to stop. */
function fakeWorker() {
  let state: ReturnType<Worker['getState']> = 'INITIALIZED';
  let stop: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    stop = resolve;
    fail = reject;
  });
  const end = (how: typeof state, settle: () => void = () => undefined): void => {
    state = how;
    settle();
  };
  const worker = {
    getState: () => state,
    run: () => {
      state = 'RUNNING';
      return promise;
    },
    shutdown: () => end('STOPPING'),
  };
  return {
    worker: worker as unknown as Worker,
    stopped: () => end('STOPPED', stop),
    failed: (error: Error) => end('FAILED', () => fail(error)),
    failedWithoutEnd: () => end('FAILED'),
  };
}

describe('several workers', () => {
  test('end when all have stopped', async () => {
    const [one, other] = [fakeWorker(), fakeWorker()];
    const running = runTogether([one.worker, other.worker]);
    one.stopped();
    other.stopped();
    await running;
  });

  test('stop when one fails, each in its own time, and then its error is thrown', async () => {
    const [one, other] = [fakeWorker(), fakeWorker()];
    const running = runTogether([one.worker, other.worker]);
    const end = assert.rejects(running, { message: 'broken' });
    one.failed(new Error('broken'));
    await until('the other to be told', () =>
      Promise.resolve(other.worker.getState() === 'STOPPING' || null),
    );
    let isOver = false;
    void running.catch(() => (isOver = true));
    await new Promise(setImmediate);
    assert.equal(isOver, false);
    other.stopped();
    await end;
  });

  test('end although a failed one, whose core waits for polls that nobody makes, never does', async () => {
    const [one, other] = [fakeWorker(), fakeWorker()];
    const running = runTogether([one.worker, other.worker], 0);
    one.failedWithoutEnd();
    other.failedWithoutEnd();
    await assert.rejects(
      running,
      (error: unknown) =>
        error instanceof DrainError && error.code === 'UNEXPECTED' && /log/.test(error.message),
    );
  });
});
