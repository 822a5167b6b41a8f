import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { DrainError } from '../../src/errors.js';
import { startHealth, type Health, type Probes } from '../../src/telemetry/health.js';

const FINE: Probes = { live: () => null, ready: () => null };

async function serving(probes: Probes, use: (url: string, health: Health) => Promise<void>): Promise<void> {
  const health = await startHealth('127.0.0.1:0', probes);
  try {
    await use(`http://${health.address ?? ''}`, health);
  } finally {
    await health.close();
  }
}

describe('the health endpoints', () => {
  test('answer 200 while all is well', () =>
    serving(FINE, async (url) => {
      for (const path of ['/healthz', '/readyz', '/readyz?verbose']) {
        const response = await fetch(url + path);
        assert.deepEqual([response.status, await response.json()], [200, { status: 'ok' }], path);
      }
    }));

  test('answer 503 with the reason, each for itself, as things are at that moment', async () => {
    let reason: string | null = 'the worker is stopping';
    await serving({ ...FINE, ready: () => reason }, async (url) => {
      const refused = await fetch(`${url}/readyz`);
      assert.deepEqual([refused.status, await refused.json()], [503, { status: 'unavailable', reason }]);
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      reason = null;
      assert.equal((await fetch(`${url}/readyz`)).status, 200);
    });
  });

  test('know no other path', () =>
    serving(FINE, async (url) => {
      assert.equal((await fetch(url)).status, 404);
    }));

  test('are closed at once, although a prober keeps its connection', async () => {
    const health = await startHealth('127.0.0.1:0', FINE);
    const port = Number(health.address?.split(':')[1]);
    const prober = connect(port, '127.0.0.1');
    await once(prober, 'connect');
    const gone = once(prober, 'close');
    await health.close();
    await gone;
  });

  test('are off without an address', async () => {
    const health = await startHealth(null, FINE);
    assert.equal(health.address, null);
    await health.close();
  });

  test('on a port in use are a mistake in the configuration that names setting, address and remedy', () =>
    serving(FINE, async (_url, { address }) => {
      await assert.rejects(
        startHealth(address, FINE),
        new DrainError(
          'CONFIG_INVALID',
          `worker.health: cannot listen on ${address ?? ''}: the port is already in use; change it, or set it to null to turn it off`,
        ),
      );
    }));
});
