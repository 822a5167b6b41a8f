import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { STOP_UPDATE } from '../../src/contract.js';
import { faultsOf, FAULTY_THREAD } from '../support/faults.js';
import { produceOrders, untilAttemptFailed } from '../support/runs.js';
import { until } from '../support/until.js';
import { createScenario, type Run, type Scenario } from '../support/scenario.js';

// Records the histories that `replay.test.ts` replays, with the workflow as it is today. To be run by hand, against the servers
// of `npm run stack`, when a new kind of run is worth keeping; only missing ones are written, since a recorded history is never
// made anew to get a test green:
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
  if (!existsSync(`${FOLDER}${name}.json`))
    writeFileSync(`${FOLDER}${name}.json`, anonymous(historyToJSON(history)));
}

/** Without the recording machine's name and paths. */
function anonymous(json: string): string {
  return json
    .replaceAll(`@${hostname()}`, '@worker')
    .replaceAll(/"stackTrace": "(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
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

const faulty = await createScenario({ pipeline: { limits: { budget: '3s', stallTimeout: '5s' } } });
try {
  const faults = faultsOf(faulty);
  faults.arm({ batchRecords: 10, batchDelayMs: 300 });
  await faulty.startWorker(FAULTY_THREAD);
  await produceOrders(faulty, { records: 1_000 });
  await record(faulty, 'caught-up', nothing);
  const schedule = faulty.temporal.schedule.getHandle(`drain-${faulty.name}`);
  await schedule.pause();
  await until(
    'the runs that catch up',
    async () => (await schedule.describe()).info.runningActions.length === 0 || null,
  );
  faults.arm({ batchRecords: 10, strike: { place: 'in-batch', action: 'loop', time: 5 } });
  await record(faulty, 'stopped-between-attempts', async (run) => {
    await untilAttemptFailed(run);
    await run.handle.executeUpdate(STOP_UPDATE);
  });
} finally {
  await faulty.close();
}

const shared = await createScenario({ pipeline: { members: 2 } });
try {
  await shared.startWorker();
  await produceOrders(shared, { records: 300 });
  await record(shared, 'members', nothing);
} finally {
  await shared.close();
}
