import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createScenario, type Scenario } from '../../support/scenario.js';

const PARTITIONS = 4;

/** Nobody goes on before a record of each partition has come. */
const TRANSFORM = `
const waiting = [];
export const transform = ({ value }) =>
  new Promise((resolve) => {
    waiting.push(() => resolve(value));
    if (waiting.length === ${String(PARTITIONS)}) for (const goOn of waiting) goOn();
  });
`;

test('a transform may wait in four partitions at a time', async () => {
  const home = await createScenario();
  let scenario: Scenario | undefined;
  try {
    writeFileSync(join(dirname(home.configurationFile), 'transform.mjs'), TRANSFORM);
    const pipeline = { transform: './transform.mjs' };
    scenario = await createScenario({ beside: home, partitions: PARTITIONS, pipeline });
    await home.startWorker();
    await scenario.produce(
      Array.from({ length: PARTITIONS }, (_, partition) => ({
        ...{ key: `o-${String(partition)}`, value: '{"a":1}', partition },
      })),
    );
    const { stopReason, attempt, records } = await (await scenario.trigger()).result();
    assert.deepEqual([stopReason, attempt, records.inserted], ['drained', 1, PARTITIONS]);
  } finally {
    await scenario?.close();
    await home.close();
  }
});
