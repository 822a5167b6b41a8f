import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulation.js';

const SEEDS = Number(process.env['KAFKA_DRAIN_TEST_SEEDS'] ?? 200);
const FIRST_SEED = Number(process.env['KAFKA_DRAIN_TEST_FIRST_SEED'] ?? 1);

test(`${String(SEEDS)} seeded stories of kills, zombies, rebalances and lost replies break no invariant`, async () => {
  const total = { runs: 0, attempts: 0, kills: 0, zombies: 0, setBacks: 0, removed: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    try {
      const told = await simulate(seed);
      for (const name of ['runs', 'attempts', 'kills', 'zombies', 'setBacks', 'removed'] as const)
        total[name] += told[name];
    } catch (error) {
      throw new Error(`seed ${String(seed)}: ${String(error)}`, { cause: error });
    }
  }
  console.log(total);
  assert.ok(total.kills > 0 && total.zombies > 0 && total.removed > 0, 'the stories are hostile');
});
