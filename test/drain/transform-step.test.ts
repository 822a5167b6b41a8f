import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Suspect } from '../../src/contract.js';
import type { Transformed } from '../../src/drain/transform-result.js';
import {
  createTransformCall,
  createTransformStep,
  type TransformWatch,
} from '../../src/drain/transform-step.js';
import type { Transform, TransformRecord } from '../../src/transform.js';
import { BASE_TIME, record } from './builders.js';

/** A step with everything it does beside the transform, in order. */
function watched(transform: Transform, overrides: Partial<TransformWatch> = {}) {
  const seen: string[] = [];
  const notes = {
    began: (partition: string, offset: bigint) => void seen.push(`begin ${partition} ${String(offset)}`),
    ended: (partition: string) => void seen.push(`end ${partition}`),
  };
  const alive = () => void seen.push('alive');
  const step = createTransformStep(transform, { notes, suspects: [], clock: () => 0, alive, ...overrides });
  return { step, seen };
}

function suspect(overrides: Partial<Suspect> = {}): Suspect {
  return { partition: 'orders-0', offset: '1', kills: 1, ...overrides };
}

function outcome(done: Transformed | Promise<Transformed>): string {
  assert.ok(!(done instanceof Promise), 'nothing has to be waited for');
  return done.kind === 'bad' ? `${done.stage}: ${done.code}: ${done.reason}` : done.kind;
}

/** A promise that the test settles. */
function held() {
  let settle: (value: object | null) => void = () => undefined;
  const promise = new Promise<object | null>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

describe('what a transform gets', () => {
  const given = (overrides: Parameters<typeof record>[0], value = { status: 'new' }) => {
    let got: TransformRecord | null = null;
    const call = createTransformCall((its) => {
      got = its;
      return its.value;
    });
    const source = record(overrides);
    void call(source, value);
    return { got: got as TransformRecord | null, source };
  };

  test('is the record with its coordinates, time, key, headers and decoded value', () => {
    const headers = [{ name: 'trace', value: Buffer.from('t-1') }];
    const { got } = given({ partition: 3, offset: 1042n, key: 'o-1', headers });
    assert.deepEqual(got, {
      ...{ topic: 'orders', partition: 3, offset: 1042n, timestamp: new Date(BASE_TIME + 1042) },
      ...{ key: Buffer.from('o-1'), headers, value: { status: 'new' } },
    });
  });

  test('has no time and no key where the record has none', () => {
    const { got } = given({ timestampMs: -1, key: null });
    assert.deepEqual([got?.timestamp, got?.key], [null, null]);
  });

  test('may be kept: no bytes of it are part of the fetch', () => {
    const { got, source } = given({ headers: [{ name: 'trace', value: Buffer.from('t-1') }] });
    source.key?.fill(0);
    source.headers[0]?.value?.fill(0);
    assert.deepEqual([String(got?.key), String(got?.headers[0]?.value)], ['o-1', 't-1']);
  });
});

describe('what a transform throws', () => {
  class PaymentError extends Error {}
  const secret = '4111111111111111';
  const throwing = (error: unknown) =>
    outcome(
      createTransformCall(() => {
        throw error;
      })(record(), {}),
    );

  test('makes the record a dead letter that names the class of the error, never its message', () => {
    assert.equal(
      throwing(new PaymentError(secret)),
      'transform: TRANSFORM_FAILED: the transform threw PaymentError',
    );
    assert.equal(
      throwing(secret),
      'transform: TRANSFORM_FAILED: the transform threw something that is no error',
    );
  });

  test('leaks nothing where a record was copied into the error', () => {
    const copied: unknown = JSON.parse(`{"constructor":{"name":"x${secret}"},"name":"${secret}"}`);
    const error = Object.assign(new TypeError('bad'), copied);
    assert.equal(throwing(error), 'transform: TRANSFORM_FAILED: the transform threw TypeError');
  });

  test('counts as much where it comes later', async () => {
    const settled = await createTransformCall(() => Promise.reject(new RangeError(secret)))(record(), {});
    assert.equal(outcome(settled), 'transform: TRANSFORM_FAILED: the transform threw RangeError');
  });

  test('is no fault of the record where it says that it is retryable, at once or later', async () => {
    const outage = Object.assign(new PaymentError(secret), { retryable: true });
    const unavailable = {
      code: 'TRANSFORM_UNAVAILABLE',
      message: /^orders-2 offset 7: the transform threw PaymentError and says that it is retryable\. [^4]+$/,
    };
    const place = record({ partition: 2, offset: 7n });
    const throwsIt = () => {
      throw outage;
    };
    for (const transform of [throwsIt, () => Promise.reject(outage)]) {
      const { step, seen } = watched(transform);
      await assert.rejects(async () => step(place, {}), unavailable);
      assert.deepEqual(seen, ['begin orders-2 7', 'end orders-2']);
    }
  });

  test('is a fault of the record where it says anything else of retrying, or breaks when it is asked', () => {
    const hostile = new Proxy({}, { has: () => true, get: () => assert.fail() });
    for (const error of [{ retryable: false }, { retryable: 'yes' }, null, hostile]) {
      assert.equal(
        throwing(error),
        'transform: TRANSFORM_FAILED: the transform threw something that is no error',
      );
    }
  });
});

describe('a transform', () => {
  test('that is synchronous costs no promise', () => {
    const { step } = watched(({ value }) => ({ ...value, seen: true }));
    assert.deepEqual(step(record(), { a: 1 }), { kind: 'fields', fields: { a: 1, seen: true } });
  });

  test('may return nothing, now or later', async () => {
    assert.equal(outcome(createTransformCall(() => undefined)(record(), {})), 'skip');
    assert.equal(outcome(await createTransformCall(() => Promise.resolve(null))(record(), {})), 'skip');
  });

  test('may return whatever can be awaited', async () => {
    const thenable = {
      then: (settle: (value: object) => void) => {
        settle({ a: 1 });
      },
    };
    const step = createTransformCall(() => thenable);
    assert.deepEqual(await step(record(), {}), { kind: 'fields', fields: { a: 1 } });
  });

  test('is noted before it is called and no longer when it has returned', () => {
    const { step, seen } = watched(() => {
      seen.push('call');
      return {};
    });
    void step(record({ partition: 2, offset: 7n }), {});
    assert.deepEqual(seen, ['begin orders-2 7', 'call', 'end orders-2']);
  });

  test('is noted until it has settled', async () => {
    const { promise, settle } = held();
    const { step, seen } = watched(() => promise);
    const done = step(record(), {});
    await Promise.resolve();
    assert.deepEqual(seen, ['begin orders-0 1']);
    settle({});
    await done;
    assert.deepEqual(seen, ['begin orders-0 1', 'end orders-0']);
  });

  test('is not noted any longer when it has thrown, at once or later', async () => {
    for (const transform of [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject(new Error('later')),
    ]) {
      const { step, seen } = watched(transform);
      await step(record(), {});
      assert.deepEqual(seen, ['begin orders-0 1', 'end orders-0']);
    }
  });

  test('of which a batch takes long lets the event loop turn, and gives a sign of life', async () => {
    let now = 0;
    const { step, seen } = watched(() => ({}), { clock: () => now });
    const turned = () => {
      now += 50;
      return step(record(), {});
    };
    const done = Array.from({ length: 8 }, turned);
    assert.deepEqual(
      done.map((transformed) => transformed instanceof Promise),
      [false, false, false, true, false, false, false, true],
    );
    assert.equal(seen.filter((what) => what === 'alive').length, 2);
    let ticked = false;
    setImmediate(() => {
      ticked = true;
    });
    await turned();
    await Promise.all([turned(), turned(), turned()]);
    assert.ok(ticked);
  });
});

describe('after an attempt that was killed', () => {
  test('one call is under way at a time, whatever the partition', async () => {
    const first = held();
    const { step, seen } = watched(({ partition }) => (partition === 0 ? first.promise : {}), {
      suspects: [suspect({ offset: '99' })],
    });
    const done = [Promise.resolve(step(record(), {})), Promise.resolve(step(record({ partition: 1 }), {}))];
    await new Promise(setImmediate);
    assert.deepEqual(seen, ['begin orders-0 1']);
    first.settle({});
    await Promise.all(done);
    assert.deepEqual(seen, ['begin orders-0 1', 'end orders-0', 'begin orders-1 1', 'end orders-1']);
  });

  test('a record suspected once is tried again', async () => {
    const { step } = watched(() => ({}), { suspects: [suspect()] });
    assert.equal(outcome(await step(record(), {})), 'fields');
  });

  test('a record that has ended two attempts is a dead letter, and its transform is not called', () => {
    const { step, seen } = watched(() => ({}), { suspects: [suspect({ kills: 2 })] });
    assert.match(outcome(step(record(), {})), /^transform: KILLED_DRAIN: .* ended 2 attempts/);
    assert.deepEqual(seen, []);
  });

  test('only that record is', async () => {
    const { step } = watched(() => ({}), { suspects: [suspect({ kills: 2 })] });
    for (const other of [{ offset: 2n }, { partition: 1 }, { topic: 'returns' }]) {
      assert.equal(outcome(await step(record(other), {})), 'fields');
    }
  });
});
