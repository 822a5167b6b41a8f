import type { DrainOutcome, Plan, RunResult } from '../../src/contract.js';
import type { AskedStop, DrainDeps } from '../../src/drain/attempt.js';
import { drain } from '../../src/drain/drain.js';
import { makePlan } from '../../src/drain/planning.js';
import { asDrainError, DrainError } from '../../src/errors.js';
import { resultOf, untouched } from '../../src/workflows/result.js';
import { createGroup } from './fake-group.js';
import { createDatabase, createFakeSink } from './fake-sink.js';
import { createFakeSource, stateOf } from './fake-source.js';
import type { PartitionName } from '../../src/kafka/source.js';
import { createOracle, type Oracle } from './oracle.js';
import { createProcess, type SimulatedProcess } from './process.js';
import { natureOf, produce, tellStory, UNWRITABLE_FIELD, type Story } from './story.js';
import { createTime, type VirtualTime } from './time.js';

/** What happened in one story, for the report. */
export interface Told {
  seed: number;
  runs: number;
  attempts: number;
  kills: number;
  zombies: number;
  setBacks: number;
  records: number;
  /** How many documents hard deletes have removed. */
  removed: number;
}

interface World extends Story {
  time: VirtualTime;
  group: ReturnType<typeof createGroup>;
  database: ReturnType<typeof createDatabase>;
  oracle: Oracle;
  previous: RunResult | null;
  /** Attempts that were given up while they were alive, by run. */
  givenUp: { runId: string; process: SimulatedProcess }[];
  told: Told;
}

const HEARTBEAT_TIMEOUT_MS = 30_000;
const RETRY_AFTER_MS = 10_000;
const ATTEMPTS = 3;
const TICK_MS = 300_000;
const DAY_MS = 86_400_000;
/** How many calm runs may be needed: budget and max records cut them short. */
const CALM_RUNS = 400;
const CALM = {
  kill: 0,
  freeze: 0,
  outage: 0,
  lostCommit: 0,
  lostReply: 0,
  refusedDeadLetters: 0,
  setBack: 0,
};

/**
 * Lives through one story: runs under every peril, then calm runs until the topic is drained. Throws a `Violation` as soon as
 * an invariant is broken, or an error if it hangs.
 */
export async function simulate(seed: number): Promise<Told> {
  const story = tellStory(seed);
  const time = createTime();
  const database = createDatabase();
  const { log, pipeline } = story;
  const oracle = createOracle({ log, database, natureOf, deletes: pipeline.deletes });
  const told: Told = {
    seed,
    runs: 0,
    attempts: 0,
    kills: 0,
    zombies: 0,
    setBacks: 0,
    records: 0,
    removed: 0,
  };
  const group = createGroup(time);
  const world: World = { ...story, time, group, database, oracle, previous: null, givenUp: [], told };
  await time.until(live(world));
  oracle.atEnd();
  return told;
}

async function live(world: World): Promise<void> {
  const running: Promise<unknown>[] = [];
  for (let run = 0; run < world.runs; run += 1) {
    const ended = runOnce(world, `run-${String(run)}`);
    running.push(ended);
    // Reported below, when all have ended.
    ended.catch(() => undefined);
    // Overlapping runs begin at their tick, whether or not the one before has ended.
    if (world.overlapping) await world.time.sleep(world.random.integer(0, TICK_MS));
    else await Promise.all([ended, produceMeanwhile(world)]);
    if (world.random.chance(0.5)) produce(world, world.random.integer(0, 40));
  }
  await Promise.all(running);
  await heal(world);
}

/** Producers don't wait for runs to end. */
async function produceMeanwhile(world: World): Promise<void> {
  const { time, random } = world;
  if (!random.chance(0.5)) return;
  await time.sleep(random.integer(0, 2_000));
  produce(world, random.integer(1, 20));
}

async function heal(world: World): Promise<void> {
  const calm: World = { ...world, perils: CALM, overlapping: false };
  for (let run = 0; run < CALM_RUNS; run += 1) {
    const result = await runOnce(calm, `calm-${String(run)}`);
    if (result === null) throw new Error('a calm run failed');
    if (result.lagAfter === 0) return;
  }
  throw new Error(`still not drained after ${String(CALM_RUNS)} calm runs`);
}

/** One execution of the workflow; `null`: it failed. */
async function runOnce(world: World, runId: string): Promise<RunResult | null> {
  const { time, pipeline, previous, overlapping, told } = world;
  const startedAt = new Date(time.now());
  told.runs += 1;
  const disturbed = overlapping || livesOn(world);
  const { setBacks } = told;
  const plan = planOf(world);
  const outcome = plan.nothingToDo ? untouched(plan, 'nothing-to-do') : await attempts(world, plan, runId);
  if (outcome === null) return null;
  const result = resultOf(plan, outcome, startedAt, new Date(time.now()));
  const alone = !world.givenUp.some((attempt) => attempt.runId === runId);
  const { maxRecords } = pipeline.limits;
  const undisturbed = alone && !disturbed && told.setBacks === setBacks;
  world.oracle.onResult({ runId, result, maxRecords, alone, undisturbed });
  // AllowAll has no memory of the run before.
  if (!overlapping) world.previous = result;
  told.records += previous === null ? 0 : result.records.read;
  return result;
}

function livesOn({ givenUp }: World): boolean {
  return givenUp.some(({ process }) => !process.isDead());
}

function planOf({ pipeline, log, previous, time }: World): Plan {
  const state = stateOf(log);
  const now = new Date(time.now());
  const none = {
    offsetsAtStart: new Map<PartitionName, bigint>(),
    searchAttributes: false,
    database: 'shop',
    neighbours: [],
  };
  return makePlan({ pipeline, state, previous, now, ...none });
}

async function attempts(world: World, plan: Plan, runId: string): Promise<DrainOutcome | null> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      return await attemptOnce(world, plan, runId, attempt);
    } catch (error) {
      // What no code of ours foresaw is a finding, whoever caused it.
      const { code, retryable } = asDrainError(error);
      if (code === 'UNEXPECTED') throw error;
      if (!retryable) return null;
    }
    await world.time.sleep(RETRY_AFTER_MS);
  }
  return null;
}

async function attemptOnce(world: World, plan: Plan, runId: string, attempt: number): Promise<DrainOutcome> {
  const { time, random, perils, pipeline, told } = world;
  told.attempts += 1;
  if (world.group.isEmpty() && random.chance(perils.setBack)) setBack(world);
  const startedMs = time.now();
  const process = createProcess(time, random, perils);
  const asked = new AbortController();
  if (random.chance(perils.kill * 10)) askLater(world, process, asked);
  const run = { workflowId: 'simulated', runId, attempt };
  const { budgetMs } = pipeline.limits;
  const times = { budgetMs, stopByMs: budgetMs + 2_000 };
  const drained = drain(depsOf(world, process), { pipeline, plan, run, ...times }, asked.signal);
  const outcome = await Promise.race([drained, untilSilent(world, runId, process, drained)]);
  const tookMs = time.now() - startedMs;
  process.kill();
  const { stopReason } = outcome;
  world.oracle.onOutcome({ stopReason, tookMs, frozenMs: process.frozenMs(), ...times });
  return outcome;
}

/** As with Kafka's own tool, which wants the group to be empty. */
function setBack({ random, log, oracle, told }: World): void {
  const partition = random.integer(0, log.partitions.length - 1);
  const committed = log.committed.get(partition)?.offset;
  if (committed === undefined) return;
  told.setBacks += 1;
  log.committed.set(partition, { offset: BigInt(random.integer(0, Number(committed))), metadata: '' });
  oracle.onSetBack(partition);
}

function askLater({ time, random }: World, process: SimulatedProcess, asked: AbortController): void {
  const reason: AskedStop = random.pick(['stopped', 'shutdown']);
  void time.sleep(random.integer(0, 5_000)).then(() => {
    if (!process.isDead()) asked.abort(reason);
  });
}

/** What Temporal does: gives an attempt up that hasn't been heard of. If it wakes up again, it lives on for a while. */
async function untilSilent(
  { time, random, told, givenUp }: World,
  runId: string,
  process: SimulatedProcess,
  drained: Promise<unknown>,
): Promise<never> {
  const state = { ended: false };
  const end = () => {
    state.ended = true;
  };
  drained.then(end, end);
  for (;;) {
    await time.sleep(1_000);
    if (state.ended) return new Promise(() => undefined);
    const since = process.silentSinceMs();
    if (since === null || time.now() - since < HEARTBEAT_TIMEOUT_MS) continue;
    if (!process.isDead()) givenUp.push({ runId, process });
    told[process.isDead() ? 'kills' : 'zombies'] += 1;
    void time.sleep(random.integer(0, 120_000)).then(process.kill);
    drained.catch(() => undefined);
    throw new DrainError('THREAD_SILENT', 'no heartbeat');
  }
}

function depsOf(world: World, process: SimulatedProcess): DrainDeps {
  const { time, random, log, group, database, perils, oracle } = world;
  const { outage } = perils;
  return {
    source: createFakeSource({ log, group, process, time, random, perils, onCommit: oracle.onCommit }),
    sink: createFakeSink({
      database,
      process,
      random,
      perils: { ...perils, outage: outage / 5 },
      refuses: (model) =>
        model.kind === 'upsert' && UNWRITABLE_FIELD in model.fields ? 'VALIDATION_FAILED' : null,
      onWrite: oracle.onWrite,
      onRemove: () => void (world.told.removed += 1),
    }),
    schemas: null,
    clock: time.now,
    every: process.every,
    // Wall clocks jump, and those of two machines never agree.
    wallClock: () => new Date(time.now() + random.integer(-DAY_MS, DAY_MS)),
    counted: () => undefined,
    report: (progress) => {
      progress();
    },
  };
}
