import { startStack } from '../stack/stack.js';
import { STACK_VARIABLE } from '../stack/test-runner.js';
import { assertEqualsFold, fold, readTopic } from '../test/support/fold.js';
import { createScenario, type Scenario } from '../test/support/scenario.js';
import { temporaryFolder } from '../test/support/stack.js';
import { drainByUpsertLoop } from './upsert-loop.js';

const RECORDS = 100_000;
const UPDATES_PER_ID = 5;
const PARTITIONS = 6;
/** Within how many records an id gets its updates. */
const WINDOW = 5_000;
const WARM_UP_ROUNDS = 1;

/** One round: the same records drained by both, one after the other; records/s of each. */
interface Round {
  kafkaDrain: number;
  upsertLoop: number;
}

/**
 * Measures the product (schedule triggered → result recorded, worker running) beside a plain kafkajs + `bulkWrite` loop, in
 * turn on the same servers, and prints the ratios. A run with a wrong document has no speed: the bench ends with an error.
 */
export async function runBench(rounds: number): Promise<number> {
  const folder = temporaryFolder('bench');
  const stack = await startStack({ folder: folder.path });
  process.env[STACK_VARIABLE] = JSON.stringify(stack.addresses);
  try {
    await compare(rounds);
    return 0;
  } finally {
    await stack.stop();
    folder.remove();
  }
}

async function compare(rounds: number): Promise<void> {
  const measured: Round[] = [];
  for (let round = 0; round < rounds + WARM_UP_ROUNDS; round += 1) {
    const result = await measure(round);
    if (round >= WARM_UP_ROUNDS) measured.push(result);
    console.log(`${round < WARM_UP_ROUNDS ? 'warm-up' : `round ${String(round)}`}: ${describe(result)}`);
  }
  const ratios = measured.map(({ kafkaDrain, upsertLoop }) => kafkaDrain / upsertLoop).sort((a, b) => a - b);
  const median = ratios[Math.floor(ratios.length / 2)] ?? 0;
  console.log(
    `ratio kafka-drain / upsert loop: min ${fixed(ratios[0])}, median ${fixed(median)}, max ${fixed(ratios.at(-1))} ` +
      `(${String(RECORDS)} records of 300 B, ${String(UPDATES_PER_ID)} updates per id, ${String(PARTITIONS)} partitions)`,
  );
}

async function measure(round: number): Promise<Round> {
  const scenario = await createScenario({ partitions: PARTITIONS });
  try {
    await scenario.startWorker();
    await scenario.produce(updates());
    // In turn first and second, so that neither always finds the warmer servers.
    const loopFirst = round % 2 === 0;
    const first = loopFirst ? await byLoop(scenario) : await byDrain(scenario);
    const second = loopFirst ? await byDrain(scenario) : await byLoop(scenario);
    await assertEqualsFold(
      scenario.collection,
      fold(scenario.topic, await readTopic(scenario.kafka, scenario.topic)),
    );
    return loopFirst ? { upsertLoop: first, kafkaDrain: second } : { kafkaDrain: first, upsertLoop: second };
  } finally {
    await scenario.close();
  }
}

async function byDrain(scenario: Scenario): Promise<number> {
  const { records, durationMs } = await scenario.run();
  if (records.read !== RECORDS) throw new Error(`the run read ${String(records.read)} records`);
  return perSecond(durationMs);
}

async function byLoop({ kafka, topic, collection }: Scenario): Promise<number> {
  const target = collection.db.collection('by_loop');
  return perSecond(await drainByUpsertLoop(kafka, topic, target, RECORDS));
}

function perSecond(durationMs: number): number {
  return (RECORDS * 1000) / durationMs;
}

/** Ids appear, get their updates within a window, and are done, as orders do. */
function updates(): { key: string; value: string }[] {
  const filler = 'x'.repeat(230);
  const ids = WINDOW / UPDATES_PER_ID;
  return Array.from({ length: RECORDS }, (_, index) => {
    const window = Math.floor(index / WINDOW);
    const id = window * ids + (index % ids);
    return {
      key: `o-${String(id)}`,
      value: JSON.stringify({ order: id, version: index, amount: id * 1.25, filler }),
    };
  });
}

function describe({ kafkaDrain, upsertLoop }: Round): string {
  return `kafka-drain ${kafkaDrain.toFixed(0)}/s, upsert loop ${upsertLoop.toFixed(0)}/s, ratio ${fixed(kafkaDrain / upsertLoop)}`;
}

function fixed(ratio: number | undefined): string {
  return (ratio ?? 0).toFixed(2);
}
