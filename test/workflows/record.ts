import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { STOP_UPDATE } from '../../src/contract.js';
import { createScenario, type Run, type Scenario } from '../support/scenario.js';

// Records the histories that `replay.test.ts` replays, with the workflow as it is today. To be run by hand, against the servers
// of `npm run stack`, when a new kind of run is worth keeping; a recorded history is never made anew to get a test green:
// KAFKA_DRAIN_TEST_STACK="$(cat addresses.json)" node dist/test/workflows/record.js
const FOLDER = fileURLToPath(new URL('../../../test/workflows/histories/', import.meta.url));

async function record(
  scenario: Scenario,
  name: string,
  follow: (run: Run) => Promise<unknown>,
): Promise<void> {
  const run = await scenario.trigger();
  await follow(run);
  await run.result().catch(() => undefined);
  const history = await scenario.temporal.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}${name}.json`, historyToJSON(history));
}

const nothing = () => Promise.resolve();
const scenario = await createScenario({ pipeline: { deadLetters: { tolerate: 'none' }, catchUp: false } });
try {
  const good = { key: 'o-1', value: '{"status":"placed"}' };
  let worker = await scenario.startWorker();
  await scenario.produce([good]);
  await record(scenario, 'drained', nothing);
  await record(scenario, 'nothing-to-do', nothing);
  await scenario.produce([{ key: 'o-2', value: 'broken' }]);
  await record(scenario, 'failed', nothing);
  await worker.kill('SIGTERM');
  await scenario.configure({ deadLetters: { tolerate: 'all' }, until: 'idle' });
  worker = await scenario.startWorker();
  await scenario.produce([good]);
  await record(scenario, 'stopped', ({ workflowId, runId }) =>
    scenario.temporal.workflow.getHandle(workflowId, runId).executeUpdate(STOP_UPDATE),
  );
} finally {
  await scenario.close();
}
