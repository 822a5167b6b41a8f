import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createToOperation } from '../../src/drain/operation.js';
import { createTranscoder } from '../../src/mongodb/json-to-bson.js';
import { amongOthers } from './among-others.js';
import { pipeline, record } from './builders.js';

const PURGE_AT = new Date(Date.UTC(2026, 0, 8));

const KEYS = [
  ...['o-1', '', ':', 'n:1', 's:1', 's:n:1', 'abcd:', 'abcde:', 'é', '\u0000', 'a\u007f'],
  ...['x'.repeat(64), 'x'.repeat(65)],
];

test('a key that stays in its record is the same id as where it is made, whatever it looks like', () => {
  const settings = pipeline();
  const transcoder = createTranscoder(settings.recordLimits, { largeIntegers: 'double' });
  const idsBy = (step: ReturnType<typeof createToOperation>, recordOf: typeof record) =>
    KEYS.map((key) => {
      const operation = step(recordOf({ key, value: '{}' }));
      assert.ok(!(operation instanceof Promise) && operation.kind === 'write');
      return [operation.model.id, operation.model.idKey];
    });
  const parsed = idsBy(createToOperation(settings, PURGE_AT), record);
  const transcode = createToOperation(settings, PURGE_AT, { transcoder });
  assert.deepEqual(idsBy(transcode, amongOthers), parsed);
  assert.deepEqual(idsBy(transcode, record), parsed);
  assert.equal(new Set(parsed.map(([, idKey]) => idKey)).size, KEYS.length);
});
