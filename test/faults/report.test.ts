import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { REPORT_FILE, reportOf } from './report.js';
import { addEpisode, readResults, type Invocation, type Results } from './results.js';

const invocation = (): Invocation => ({
  ...{ commit: 'abc', date: '2026-01-01T00:00:00.000Z', seed: 1, options: '', minutes: 1 },
  ...{ episodes: 0, kills: 0, records: 0, violations: 0 },
});

test('docs/reliability.md says what the results file says (npm run faults -- --report)', async () => {
  assert.equal(readFileSync(REPORT_FILE, 'utf8'), await reportOf(readResults()));
});

test('episodes add up, the longest recovery and every violation are kept', async () => {
  const results: Results = { variants: {}, invocations: [invocation()] };
  const [first] = results.invocations;
  assert.ok(first);
  const good = { times: 10, kills: 10, records: 1_000, recoveryMs: 900, violation: null };
  const bad = { ...good, times: 5, recoveryMs: 300, violation: { invariant: 'I1', text: 'lost' } } as const;
  addEpisode(results, 'F1 mid-write', first, good);
  addEpisode(results, 'F1 mid-write', first, bad);
  addEpisode(results, 'F1 after-write', first, good);
  assert.deepEqual(results.variants['F1 mid-write'], {
    ...{ episodes: 2, times: 15, kills: 20, records: 2_000, violations: 1, worstRecoveryMs: 900 },
  });
  assert.deepEqual([first.episodes, first.kills, first.records, first.violations], [3, 30, 3_000, 1]);
  const text = await reportOf(results);
  assert.match(text, /\| F1 mid-write +\|.*\| +15 \| +2,000 \| +1 \| +violated \|/);
  assert.match(text, /\| F1 after-write +\|.*\| +10 \| +1,000 \| +0 \| +30 % \| +0\.9 s \|/);
  assert.match(text, /30 hard kills of\s+a worker, 3,000 records verified, 1 violation\*/);
});
