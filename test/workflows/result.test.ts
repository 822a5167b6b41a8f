import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_RECORDS, type Warning } from '../../src/contract.js';
import { decodeUnlisted } from '../../src/unlisted.js';
import { planMarkdown, resultMarkdown } from '../../src/workflows/markdown.js';
import { resultOf, shouldCatchUp, untouched } from '../../src/workflows/result.js';
import { assertBalanced } from '../support/books.js';
import { ENDED, outcome, partition, plan, STARTED } from './builders.js';

describe("a run's result", () => {
  test('puts first what people look for, and the long list last', () => {
    const result = resultOf(plan(), outcome(), STARTED, ENDED);
    const fields = Object.keys(result);
    assert.deepEqual(fields.slice(0, 5), ['pipeline', 'topic', 'group', 'collection', 'stopReason']);
    assert.equal(fields.at(-1), 'partitions');
    assert.equal(result.durationMs, 1_840);
    assertBalanced(result);
  });

  test('joins what the plan and the drain have to warn of and report as lost', () => {
    const warning = (code: Warning['code']) => ({ code, message: code });
    const range = (from: string) => ({ topic: 'orders', partition: 0, from, to: '5' });
    const result = resultOf(
      plan({ warnings: [warning('TOPIC_GONE')], lost: [range('1')] }),
      outcome({ warnings: [warning('OFFSETS_EXPIRED')], lost: [range('3')] }),
      STARTED,
      ENDED,
    );
    assert.deepEqual(
      result.warnings.map(({ code }) => code),
      ['TOPIC_GONE', 'OFFSETS_EXPIRED'],
    );
    assert.deepEqual(
      result.lost.map(({ from }) => from),
      ['1', '3'],
    );
  });

  test('lists all partitions up to a hundred, of more the twenty that brought most', () => {
    const listed = (length: number, touched: number) => {
      const partitions = Array.from({ length }, (_, index) =>
        partition({ partition: index, read: index < touched ? index + 1 : 0 }),
      );
      return resultOf(plan(), outcome({ partitions }), STARTED, ENDED).partitions.map(({ read }) => read);
    };
    assert.equal(listed(100, 1).length, 100);
    assert.deepEqual(listed(101, 1), [1]);
    assert.deepEqual(
      listed(101, 30),
      Array.from({ length: 20 }, (_, index) => 11 + index),
    );
  });

  test('keeps what is committed in the others for the next run, in a few bytes each', () => {
    const partitions = Array.from({ length: 1_000 }, (_, index) =>
      partition({
        partition: index,
        read: index === 7 ? 100 : 0,
        committed: index === 8 ? null : '123456789',
      }),
    );
    const { unlisted } = resultOf(plan(), outcome({ partitions }), STARTED, ENDED);
    assert.ok(unlisted.length < 8_000);
    const decoded = decodeUnlisted(unlisted);
    assert.equal(decoded.length, 999);
    assert.deepEqual(decoded[7], { topic: 'orders', partition: 8, committed: null });
    assert.deepEqual(decoded[8], { topic: 'orders', partition: 9, committed: '123456789' });
    assert.equal(
      resultOf(plan(), outcome({ partitions: partitions.slice(0, 100) }), STARTED, ENDED).unlisted,
      '',
    );
  });

  test('stays a few KB with 50 topics and 1,000 partitions', () => {
    const names = Array.from({ length: 50 }, (_, index) => `shop.topic-number-${String(index)}`);
    const partitions = names.flatMap((topic) =>
      Array.from({ length: 20 }, (_, index) =>
        partition({
          topic,
          partition: index,
          read: 10,
          start: '9000000',
          end: '9000010',
          committed: '9000010',
        }),
      ),
    );
    const topicId = 'AAECAwQFBgcICQoLDA0ODw';
    const result = resultOf(
      plan({ topics: names.map((topic) => ({ topic, topicId })), partitions }),
      outcome({ topics: names.map((topic) => ({ topic, read: 200, lagAfter: 0 })), partitions }),
      STARTED,
      ENDED,
    );
    assert.ok(JSON.stringify(result).length < 16_000, String(JSON.stringify(result).length));
    assert.equal(result.topics.length, 50);
    assert.deepEqual(result.topics[7], {
      topic: names[7],
      topicId,
      partitions: 20,
      read: 200,
      lagBefore: 200,
      lagAfter: 0,
    });
    assert.equal(decodeUnlisted(result.unlisted).length + result.partitions.length, 1_000);
    assert.match(resultMarkdown(result), /^- shop\.topic-number-7: read 200, lag 200 → 0$/m);
    assert.match(resultMarkdown(result), /^- and 30 topics more$/m);
  });

  test('a quiet run remembers since when, any other forgets', () => {
    const quiet = plan({ quietSince: '2026-02-28T00:00:00.000Z', lagBefore: 0, nothingToDo: true });
    const nothing = resultOf(quiet, untouched(quiet, 'nothing-to-do'), STARTED, ENDED);
    assert.equal(nothing.quietSince, quiet.quietSince);
    assert.equal(nothing.records.read, 0);
    assert.deepEqual(nothing.partitions, [partition({ committed: '5', read: 0 })]);
    assertBalanced(nothing);
    assert.equal(resultOf(quiet, outcome({ stopReason: 'drained' }), STARTED, ENDED).quietSince, null);
  });
});

describe('the next run follows at once', () => {
  test('after the budget or a shutdown left planned records and something was done', () => {
    assert.equal(shouldCatchUp(plan(), outcome({ stopReason: 'budget' })), true);
    assert.equal(shouldCatchUp(plan(), outcome({ stopReason: 'shutdown' })), true);
    assert.equal(shouldCatchUp(plan(), outcome({ partitions: [partition({ committed: null })] })), true);
  });

  test('not after any other ending, not where nothing was done or is left, not where it is switched off', () => {
    for (const stopReason of ['drained', 'idle', 'max-records', 'stopped', 'nothing-to-do'] as const) {
      assert.equal(shouldCatchUp(plan(), outcome({ stopReason })), false, stopReason);
    }
    assert.equal(shouldCatchUp(plan(), outcome({ records: NO_RECORDS })), false);
    assert.equal(shouldCatchUp(plan(), outcome({ partitions: [partition({ committed: '12350' })] })), false);
    assert.equal(shouldCatchUp(plan({ catchUp: false }), outcome()), false);
  });
});

describe('the details that the Web UI shows', () => {
  test('tell the plan while the run is under way', () => {
    const text = planMarkdown(
      plan({ warnings: [{ code: 'PARTITIONS_ADDED', message: 'keys may have moved' }] }),
    );
    assert.match(text, /^\*\*orders → shop\.orders\*\* \(group `drain-orders`\)$/m);
    assert.match(text, /^- plan: 12,345 records in 1 partitions, continuous$/m);
    assert.match(text, /^- \*\*PARTITIONS_ADDED\*\*: keys may have moved$/m);
  });

  test('tell the result in bullets, with outcomes that are not zero only', () => {
    const lost = [{ topic: 'orders', partition: 3, from: '10', to: '20' }];
    const text = resultMarkdown(resultOf(plan(), outcome({ lost }), STARTED, ENDED));
    assert.match(text, /^- stop reason: \*\*budget\*\* after 1\.8 s, attempt 2$/m);
    assert.match(text, /^- read 100: 60 inserted, 39 updated, 1 dead-lettered$/m);
    assert.match(text, /^- lag: 12,345 before, 12,245 after$/m);
    assert.match(text, /^- \*\*lost\*\*: orders-3, offsets 10 up to 20$/m);
    const nothing = resultMarkdown(resultOf(plan(), untouched(plan(), 'stopped'), STARTED, ENDED));
    assert.match(nothing, /^- read 0: nothing$/m);
  });
});
