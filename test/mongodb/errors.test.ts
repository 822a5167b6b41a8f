import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BSON,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoWriteConcernError,
} from 'mongodb';
import { classifyThrown, classifyWriteError, isDuplicateId } from '../../src/mongodb/errors.js';

const serverError = (code: number) => new MongoServerError({ message: 'with a secret', code });
const writeError = (code: number) => classifyWriteError({ index: 0, code, errmsg: 'with a secret' });

test('network errors, timeouts, elections and write concern errors are outages, never content', () => {
  const outages = [
    new MongoNetworkError('connection 3 to 127.0.0.1:27017 closed'),
    new MongoNetworkTimeoutError('timed out'),
    new MongoWriteConcernError({ ok: 1, writeConcernError: { code: 4711, errmsg: 'x' } }),
    ...[91, 189, 10107, 11600, 11602, 13435, 50, 112, 64, 371].map(serverError),
    Object.assign(new Error('querySrv ENOTFOUND'), { syscall: 'querySrv' }),
  ];
  for (const error of outages) assert.equal(classifyThrown(error)?.kind, 'outage', String(error));
  for (const code of [91, 189, 10107, 11602, 112, 64, 365, 433, 449, 290])
    assert.equal(writeError(code).kind, 'outage');
});

test('missing rights and wrong set-up are refusals', () => {
  for (const code of [13, 18, 8000, 166]) {
    assert.equal(classifyThrown(serverError(code))?.kind, 'refused');
    assert.equal(writeError(code).kind, 'refused');
  }
});

test('only codes that nothing but a document can cause are certain', () => {
  const known = [121, 15, 10334].map(writeError);
  assert.ok(known.every((fault) => fault.kind === 'content' && fault.certain));
  const unknown = [11000, 4711, 2].map(writeError);
  assert.ok(unknown.every((fault) => fault.kind === 'content' && !fault.certain));
  assert.equal(classifyThrown(new BSON.BSONError('key secret must not contain null bytes'))?.kind, 'content');
  assert.equal(classifyThrown(new RangeError('out of range'))?.kind, 'content');
});

test('what nobody foresaw is no fault of a record', () => {
  assert.equal(classifyThrown(new TypeError('a bug')), null);
  assert.equal(classifyThrown('a text'), null);
});

test('reasons hold codes and index names, no text that could quote a record', () => {
  const errmsg =
    'E11000 duplicate key error collection: shop.orders index: one_email dup key: { email: "secret" }';
  const faults = [
    classifyThrown(serverError(4711)),
    classifyThrown(serverError(10107)),
    classifyWriteError({ index: 0, code: 11000, errmsg, keyPattern: { email: 1 } }),
    writeError(121),
  ];
  for (const fault of faults) assert.doesNotMatch(fault?.reason ?? 'secret', /secret/);
  assert.match(faults[2]?.reason ?? '', /one_email/);
});

test('a duplicate is one of _id by the pattern of its index alone', () => {
  const duplicate = (keyPattern: Record<string, unknown> | undefined) =>
    isDuplicateId({ index: 0, code: 11000, ...(keyPattern && { keyPattern }) });
  assert.equal(duplicate({ _id: 1 }), true);
  assert.equal(duplicate({ email: 1 }), false);
  assert.equal(duplicate({ _id: 1, email: 1 }), false);
  assert.equal(duplicate(undefined), false);
  assert.equal(isDuplicateId({ index: 0, code: 121, keyPattern: { _id: 1 } }), false);
});
