import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import { DrainError } from '../../src/errors.js';
import { foreign, ours, previousRun, withTopicId } from './builders.js';
import { planOf, type Given } from './planning-cases.js';

const AT_EPOCH_2: Partial<PipelineSettings> = { epoch: 2 };

function errorOf(given: Given): DrainError {
  try {
    planOf(given);
  } catch (error) {
    assert.ok(error instanceof DrainError);
    return error;
  }
  return assert.fail('planning succeeded');
}

describe('planning refuses', () => {
  const memory = previousRun([{ committed: '70' }]);
  const cases: readonly (readonly [string, Given, string, RegExp])[] = [
    [
      'a group without commits where the policy is fail',
      { rules: { start: 'fail' } },
      'START_REQUIRED',
      /orders-0: group "drain-orders"/,
    ],
    [
      'records expired unread, naming partition and range',
      { partitions: [{}, { committed: ours(7n) }] },
      'RECORDS_EXPIRED',
      /^orders-1: records 7 up to 40 .*onDataLoss: skip/,
    ],
    [
      'records expired unread where offsets are gone',
      { previous: previousRun([{ committed: '30' }]) },
      'RECORDS_EXPIRED',
      /records 30 up to 40/,
    ],
    [
      'a commit beyond the end',
      { partitions: [{ committed: ours(101n) }] },
      'OFFSET_BEYOND_END',
      /^orders-0: the committed offset 101 .*the end 100.*epoch: 2/,
    ],
    [
      'a commit beyond the end by somebody else',
      { partitions: [{ committed: foreign(101n) }] },
      'OFFSET_BEYOND_END',
      /101/,
    ],
    [
      'commits of a later epoch, whose documents would win over every record',
      { partitions: [{}, { committed: ours(50n, { epoch: 2 }) }] },
      'CONFIG_MISMATCH',
      /^orders-1: .*epoch 2, .*says epoch 1\. An epoch can only be raised/,
    ],
    [
      'commits by another version rule, whose versions cannot be compared',
      {
        rules: { version: { by: 'field', field: 'rev' } },
        partitions: [{}, { committed: ours(50n, { rule: 'offset' }) }],
      },
      'CONFIG_MISMATCH',
      /^orders-1: .*"version: offset".*says "version: \{ field: rev \}".*Set "epoch: 2"/,
    ],
    [
      'commits whose version was another field',
      {
        rules: { version: { by: 'field', field: 'rev' } },
        partitions: [{ committed: ours(50n, { rule: 'field:updatedAt' }) }],
      },
      'CONFIG_MISMATCH',
      /committed with "version: \{ field: updatedAt \}"/,
    ],
    [
      'a negative commit',
      { partitions: [{ committed: foreign(-2n) }] },
      'OFFSET_INVALID',
      /is -2, .*epoch: 2/,
    ],
    [
      'an end below what the previous run had read',
      { partitions: [{ committed: ours(60n) }], previous: previousRun([{ committed: '101' }]) },
      'TOPIC_RECREATED',
      /^orders-0: the log ends at 100, .*101.*epoch: 2/,
    ],
    [
      'an end below what the previous run had read, where offsets are gone',
      { previous: previousRun([{ committed: '101' }]) },
      'TOPIC_RECREATED',
      /101/,
    ],
    [
      'an end below that of the previous run, although that had not read so far',
      { partitions: [{ committed: ours(60n) }], previous: previousRun([{ committed: '60', end: '101' }]) },
      'TOPIC_RECREATED',
      /101/,
    ],
    [
      'an end below that of a previous run that committed nothing',
      { previous: previousRun([{ committed: null, end: '101' }]) },
      'TOPIC_RECREATED',
      /101/,
    ],
    [
      'a topic with another id, although it has more records',
      { previous: memory, log: withTopicId('topic-2') },
      'TOPIC_RECREATED',
      /topic-1 then, topic-2 now.*epoch: 2/,
    ],
    [
      'a topic with another id, although the commit would fit',
      { previous: memory, log: withTopicId('topic-2'), partitions: [{ committed: ours(70n) }] },
      'TOPIC_RECREATED',
      /deleted and recreated/,
    ],
    [
      'the next epoch by its number',
      {
        rules: AT_EPOCH_2,
        previous: previousRun([{ committed: '70' }], { epoch: 2 }),
        log: withTopicId('topic-2'),
      },
      'TOPIC_RECREATED',
      /epoch: 3/,
    ],
    [
      'an unusable offset set after the break was accepted',
      {
        rules: AT_EPOCH_2,
        previous: previousRun([{ committed: '70' }], { epoch: 2 }),
        partitions: [{ committed: foreign(500n) }],
      },
      'OFFSET_BEYOND_END',
      /epoch: 3/,
    ],
    [
      'an unusable offset where others were committed under the raised epoch',
      {
        rules: AT_EPOCH_2,
        partitions: [{ committed: foreign(500n) }, { committed: ours(50n, { epoch: 2 }) }],
      },
      'OFFSET_BEYOND_END',
      /epoch: 3/,
    ],
  ];
  for (const [what, given, code, message] of cases) {
    test(`${what}: ${code}`, () => {
      const error = errorOf(given);
      assert.equal(error.code, code);
      // A worker with the right configuration may take the next attempt.
      assert.equal(error.retryable, code === 'CONFIG_MISMATCH');
      assert.match(error.message, message);
    });
  }
});

describe('another version rule than that of the commits is accepted', () => {
  const committed = ours(50n, { rule: 'offset' });
  const cases: readonly (readonly [string, Given])[] = [
    ['with a new epoch', { rules: { version: { by: 'timestamp' }, epoch: 2 }, partitions: [{ committed }] }],
    ['where it is the same', { partitions: [{ committed }] }],
    [
      'where the commits are of an earlier release, and name none',
      { rules: { version: { by: 'timestamp' } }, partitions: [{ committed: ours(50n) }] },
    ],
    [
      'where every record is a document of its own',
      {
        rules: { version: { by: 'timestamp' }, documentId: { from: 'coordinates' } },
        partitions: [{ committed }],
      },
    ],
  ];
  for (const [title, given] of cases) test(title, () => assert.doesNotThrow(() => planOf(given)));
});
