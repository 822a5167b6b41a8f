import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Runtime } from '@temporalio/worker';
import { NO_RECORDS, type DrainOutcome, type Plan } from '../../src/contract.js';
import { DrainError } from '../../src/errors.js';
import { resolveFreeAddress } from '../../src/telemetry/address.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createRunMetrics } from '../../src/telemetry/metrics.js';
import { installRuntime } from '../../src/telemetry/runtime.js';
import { until } from '../support/until.js';

const PLAN = { pipeline: 'orders', lagBefore: 12, nothingToDo: false } as Plan;
const OUTCOME = {
  stopReason: 'drained',
  lagAfter: 2,
  bytes: 3_000,
  records: { ...NO_RECORDS, read: 10, inserted: 4, updated: 3, coalesced: 2, deadLettered: 1 },
} as DrainOutcome;

/** A server that holds a free port. */
async function occupied() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const free = () => new Promise((resolve) => server.close(resolve));
  return { address: `127.0.0.1:${port}`, free };
}

// the Runtime can be installed once in a process, so these tests share one
describe('the metrics endpoint', () => {
  let runtime: Runtime;
  let url: string;

  before(async () => {
    const { address, free } = await occupied();
    await free();
    url = `http://${address}/metrics`;
    runtime = await installRuntime({ logger: createLogger({ level: 'ERROR' }), metricsAddress: address });
  });
  after(() => runtime.shutdown());

  /** Recorded values reach the endpoint a moment later. */
  const withLine = (line: string): Promise<string> =>
    until(line, async () => {
      const text = await (await fetch(url)).text();
      return text.split('\n').includes(line) ? text : null;
    });

  test('tells runs by stop reason, records by outcome, lag, bytes, failures and write times', async () => {
    const metrics = createRunMetrics(runtime.metricMeter);
    metrics.planned(PLAN);
    await withLine('kafka_drain_lag_records{pipeline="orders"} 12');
    metrics.planned({ ...PLAN, pipeline: 'quiet', lagBefore: 0, nothingToDo: true });
    metrics.record(OUTCOME, PLAN);
    metrics.record({ ...OUTCOME, lagOfOthers: 5 }, { ...PLAN, pipeline: 'shared' });
    metrics.counted('orders', { counts: OUTCOME.records, bytes: OUTCOME.bytes });
    metrics.failed('orders', 'STALLED');
    metrics.batchWritten('orders', 30);
    const text = await withLine('kafka_drain_batch_write_seconds_count{pipeline="orders"} 1');
    for (const line of [
      'kafka_drain_runs_total{pipeline="orders",stop_reason="drained"} 1',
      'kafka_drain_runs_total{pipeline="quiet",stop_reason="nothing-to-do"} 1',
      'kafka_drain_records_total{outcome="inserted",pipeline="orders"} 4',
      'kafka_drain_records_total{outcome="updated",pipeline="orders"} 3',
      'kafka_drain_records_total{outcome="coalesced",pipeline="orders"} 2',
      'kafka_drain_records_total{outcome="dead-lettered",pipeline="orders"} 1',
      'kafka_drain_bytes_total{pipeline="orders"} 3000',
      'kafka_drain_lag_records{pipeline="orders"} 2',
      // Of all its members, as one of them saw it.
      'kafka_drain_lag_records{pipeline="shared"} 7',
      'kafka_drain_failed_attempts_total{code="STALLED",pipeline="orders"} 1',
      'kafka_drain_batch_write_seconds_bucket{pipeline="orders",le="0.025"} 0',
      'kafka_drain_batch_write_seconds_bucket{pipeline="orders",le="0.05"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\nis not in\n${text}`);
    }
  });
});

describe('an address for metrics', () => {
  test('may be a host name, which the exporter itself does not take', async () => {
    const { address, free } = await occupied();
    await free();
    const port = address.split(':')[1] ?? '';
    const resolved = await resolveFreeAddress('worker.metrics', `localhost:${port}`);
    assert.ok([`127.0.0.1:${port}`, `[::1]:${port}`].includes(resolved), resolved);
  });

  test('in use is found before the exporter would end the process', async () => {
    const { address, free } = await occupied();
    const expected = new DrainError(
      'CONFIG_INVALID',
      `worker.metrics: cannot listen on ${address}: the port is already in use; change it, or set it to null to turn it off`,
    );
    await assert.rejects(resolveFreeAddress('worker.metrics', address), expected);
    await free();
  });
});
