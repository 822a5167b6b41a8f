import assert from 'node:assert/strict';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { start } from '../commands/cli.js';
import { createScenario } from '../support/scenario.js';
import { temporaryFolder } from '../support/stack.js';

test('a worker drains without home and temporary folder, and writes nothing where it was started', async () => {
  const scenario = await createScenario({ partitions: 1 });
  const folder = temporaryFolder('read-only');
  chmodSync(folder.path, 0o555);
  try {
    await scenario.produce([{ key: 'a', value: '{}' }]);
    const nowhere = join(folder.path, 'nowhere');
    const environment = { ...scenario.environment, HOME: nowhere, TMPDIR: nowhere };
    const worker = start(['worker', '--config', scenario.configurationFile], {
      environment,
      folder: folder.path,
    });
    const { stopReason, records } = await scenario.run();
    assert.deepEqual([stopReason, records.inserted], ['drained', 1]);
    worker.process.kill('SIGTERM');
    assert.equal((await worker.finished).code, 0, worker.stderr());
    assert.deepEqual(readdirSync(folder.path), []);
  } finally {
    folder.remove();
    await scenario.close();
  }
});
