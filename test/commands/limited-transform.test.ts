import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLimitedCall } from '../../src/commands/limited-transform.js';
import type { Transform } from '../../src/transform.js';
import { record } from '../drain/builders.js';

const LIMIT_MS = 100;
const CUT_OFF = {
  ...{ kind: 'bad', stage: 'transform', code: 'KILLED_DRAIN' },
  reason: 'the transform did not settle within 0.1 s and was cut off',
};

const turned = async (transform: Transform) => createLimitedCall(transform, LIMIT_MS)(record(), { a: 1 });

describe('a transform outside of a drain', () => {
  test('is cut off in an endless loop, and the next call is none the worse for it', async () => {
    const call = createLimitedCall(({ value }) => {
      if (value['a'] === 1) for (;;);
      return value;
    }, LIMIT_MS);
    assert.deepEqual(await call(record(), { a: 1 }), CUT_OFF);
    assert.deepEqual(await call(record(), { a: 2 }), { kind: 'fields', fields: { a: 2 } });
  });

  test('is no longer waited for where it never settles', async () => {
    assert.deepEqual(await turned(() => new Promise(() => undefined)), CUT_OFF);
  });

  test('returns what it would return in a drain, at once or later', async () => {
    const [at, b] = [new Date(0), Buffer.from('b')];
    const fields = { at, b, big: 2n ** 60n };
    assert.deepEqual(await turned(() => fields), { kind: 'fields', fields });
    assert.deepEqual(await turned(() => Promise.resolve(null)), { kind: 'skip' });
  });

  test('throws what it would throw in a drain', async () => {
    const throwing = await turned(() => {
      throw new RangeError('a secret');
    });
    assert.equal(throwing.kind === 'bad' && throwing.reason, 'the transform threw RangeError');
    const outage = Object.assign(new Error('no answer'), { retryable: true });
    const failing = turned(() => {
      throw outage;
    });
    await assert.rejects(failing, { code: 'TRANSFORM_UNAVAILABLE' });
    await assert.rejects(
      turned(() => Promise.reject(outage)),
      { code: 'TRANSFORM_UNAVAILABLE' },
    );
  });
});
