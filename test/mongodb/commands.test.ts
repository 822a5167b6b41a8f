import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MongoServerError } from 'mongodb';
import { ask } from '../../src/mongodb/check.js';

function asked(code: number, codeName: string): Promise<unknown> {
  return ask('shop.orders', 'hello', () =>
    Promise.reject(new MongoServerError({ message: 'from the server', code, codeName })),
  );
}

test('a refused login points at the connection string, not at privileges', async () => {
  await assert.rejects(asked(18, 'AuthenticationFailed'), {
    code: 'MONGODB_REFUSED',
    message:
      "MongoDB refused 'hello' on shop.orders: AuthenticationFailed (code 18). " +
      'Correct user name, password or authSource in the connection string.',
  });
});

test('a missing privilege is named', async () => {
  await assert.rejects(asked(13, 'Unauthorized'), {
    code: 'MONGODB_REFUSED',
    message: /Unauthorized \(code 13\)\. The user needs the action hello\./,
  });
});
