import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordCounts } from '../../src/contract.js';
import { decodeMark, encodeMark } from '../../src/drain/commit-mark.js';
import { versionRuleOf } from '../../src/drain/version-rule.js';
import { books, mark, NOW, pipeline, runMark } from './builders.js';

describe('the mark in a commit', () => {
  test('comes back as it was written', () => {
    const written = mark({
      rule: 'field:rev',
      run: 'r',
      epoch: 3,
      books: books(10, { inserted: 1, updated: 2, deleted: 3, unchanged: 4 }),
    });
    assert.deepEqual(decodeMark(encodeMark(written)), written);
  });

  test('stays below 1 KB with the largest numbers', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const counts: RecordCounts = {
      read: most,
      inserted: most,
      updated: most,
      deleted: most,
      unchanged: most,
      coalesced: most,
      skipped: most,
      deadLettered: most,
    };
    const rule = versionRuleOf(pipeline({ version: { by: 'field', field: 'ä'.repeat(1_000) } }));
    const written = mark({
      rule,
      run: crypto.randomUUID(),
      epoch: 1_000_000,
      books: { counts, bytes: most },
    });
    assert.ok(Buffer.byteLength(encodeMark(written)) < 1024);
    assert.deepEqual(decodeMark(encodeMark(written)), written);
  });

  test('has room for any number of lost ranges: the nearest become one, and none is forgotten', () => {
    const most = 2n ** 63n - 1n;
    const starts = Array.from({ length: 200 }, (_, at) => most - BigInt(at * at + at + 1) * 1_000n);
    const lost = starts.map((from) => ({ from: String(from), to: String(from + 500n) }));
    const text = encodeMark(mark({ run: crypto.randomUUID(), lost }));
    assert.ok(Buffer.byteLength(text) < 2_048, String(Buffer.byteLength(text)));
    const told = decodeMark(text)?.lost ?? [];
    assert.equal(told.length, 16);
    const isTold = ({ from, to }: { from: string; to: string }) =>
      told.some((range) => BigInt(range.from) <= BigInt(from) && BigInt(to) <= BigInt(range.to));
    assert.ok(lost.every(isTold));
    // those far from all others are as they were
    assert.ok(
      lost.slice(-15).every(({ from, to }) => told.some((range) => range.from === from && range.to === to)),
    );
  });

  test('hands on what other runs have said, the newest where there is no room for all', () => {
    const others = Array.from({ length: 40 }, (_, index) =>
      runMark({
        run: crypto.randomUUID(),
        at: new Date(NOW.getTime() + index * 1_000).toISOString(),
        books: books(1_000_000 + index),
        lost: index === 39 ? [{ from: '40', to: '50' }] : [],
      }),
    );
    const few = others.slice(-3);
    assert.deepEqual(new Set(decodeMark(encodeMark(mark({ others: few })))?.others), new Set(few));

    const text = encodeMark(mark({ others }));
    assert.ok(Buffer.byteLength(text) < 4_096, 'what brokers take by default');
    const kept = decodeMark(text)?.others ?? [];
    assert.ok(kept.length >= 8, String(kept.length));
    assert.deepEqual(new Set(kept), new Set(others.slice(-kept.length)));
  });

  const parts = JSON.parse(encodeMark(mark())) as Record<string, unknown>;
  const foreign: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['blanks', ' '],
    ['another consumer’s text', 'checkpoint-17'],
    ['half of ours', encodeMark(mark()).slice(0, -2)],
    ['null', 'null'],
    ['a number', '1'],
    ['an array', '[]'],
    ['another consumer’s JSON', '{"v":1}'],
    ['another version of ours', JSON.stringify({ ...parts, v: 2 })],
    ['ours without counters', JSON.stringify({ ...parts, counters: undefined })],
    ['ours with a counter missing', JSON.stringify({ ...parts, counters: { read: 1 } })],
    [
      'ours with a negative counter',
      JSON.stringify({ ...parts, counters: { ...(parts['counters'] as object), read: -1 } }),
    ],
    [
      'ours with half a record',
      JSON.stringify({ ...parts, counters: { ...(parts['counters'] as object), read: 0.5 } }),
    ],
    ['ours with a run that is no text', JSON.stringify({ ...parts, run: 7 })],
  ];
  for (const [what, metadata] of foreign) {
    test(`${what} is not ours`, () => {
      assert.equal(decodeMark(metadata), null);
    });
  }

  test('may have gained fields in a later release', () => {
    const { run } = decodeMark(JSON.stringify({ ...parts, later: 1 })) ?? {};
    assert.equal(run, mark().run);
  });
});
