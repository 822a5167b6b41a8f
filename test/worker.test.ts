import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { kafkaDrain, type Finished } from './commands/cli.js';
import { createScenario, type Scenario } from './support/scenario.js';

let scenario: Scenario;
before(async () => {
  scenario = await createScenario({ partitions: 1, worker: { health: '${HEALTH:-127.0.0.1:0}' } });
});
after(() => scenario.close());

function workerWith(environment: NodeJS.ProcessEnv): Promise<Finished> {
  const variables = { ...scenario.environment, ...environment };
  return kafkaDrain(['worker', '--config', scenario.configurationFile], { environment: variables });
}

describe('a worker that cannot start says why', () => {
  test('where the port of its health endpoints is taken, before it goes to Temporal', async () => {
    await using taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const health = `127.0.0.1:${String((taken.address() as AddressInfo).port)}`;
    const { code, stderr } = await workerWith({ HEALTH: health });
    assert.equal(code, 2);
    const text = `error: CONFIG_INVALID: worker.health: cannot listen on ${health}: the port is already in use; change it,`;
    assert.ok(stderr.includes(text) && !stderr.includes('connected to Temporal'), stderr);
  });

  test('where the namespace is not there', async () => {
    const { code, stderr } = await workerWith({ TEMPORAL_NAMESPACE: 'nowhere' });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: TEMPORAL_UNAVAILABLE: Temporal at \S+, namespace nowhere: there is no such namespace; correct TEMPORAL_NAMESPACE or temporal\.toml, or make it: temporal operator namespace create --namespace nowhere$/m,
    );
  });
});
