import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuOf } from '../../bench/cpu.js';
import type { Sample } from '../../bench/sampler.js';

/** A sample every 100 ms in which all the others have used a second more, and the client so much. */
const samples = (...client: (number | null)[]): Sample[] =>
  client.map((cpuSeconds, index) => ({
    atMs: index * 100,
    writes: 0,
    queries: 0,
    client: cpuSeconds === null ? null : { cpuSeconds, peakBytes: 0 },
    others: { mongod: index, kafka: index, temporal: index, bench: index },
  }));

test('CPU is that of the run and of the window, between two samples in proportion', () => {
  const window = { fromMs: 150, firstMs: 200, toMs: 320 };
  const use = cpuOf(samples(0, 10, 20, 30, 80), { fromMs: 100, toMs: 350 }, window);
  assert.deepEqual(use, {
    client: 45,
    clientInWindow: 25,
    mongod: 2.5,
    kafka: 2.5,
    temporal: 2.5,
    bench: 2.5,
  });
});

test('CPU of a client counts from when it is known, and until it ended', () => {
  const { client, clientInWindow } = cpuOf(samples(null, 5, 6, null), { fromMs: 0, toMs: 900 }, null);
  assert.deepEqual([client, clientInWindow], [1, null]);
});

test('CPU is none where nothing was sampled', () => {
  assert.equal(cpuOf([], { fromMs: 0, toMs: 1 }, null).mongod, 0);
});
