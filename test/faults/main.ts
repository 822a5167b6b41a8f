import { untilStopped } from '../../stack/signals.js';
import { createRandom } from '../simulator/random.js';
import type { Tally, Variant } from './episode.js';
import {
  addEpisode,
  currentCommit,
  readResults,
  writeResults,
  type Invocation,
  type Results,
} from './results.js';
import { nameOf, SHORT_FORM, VARIANTS } from './variants/all.js';
import { startWorld, type World } from './world.js';

/** The options of `npm run faults`. */
export interface FaultsOptions {
  /** `F1`, or `F1 after-write`; all variants if empty. */
  faults: readonly string[];
  /** Decides everything random; another one each time unless given. */
  seed: number | undefined;
  /** Episodes of each variant; as many as bring it to its goal unless given. */
  times: number | undefined;
  /** No episode begins later. */
  minutes: number | undefined;
  /** Episodes at the same time, of those that don't need servers for themselves. */
  lanes: number;
  /** Whether the numbers are added to the results file. */
  record: boolean;
  /** The form that `npm test` runs: once each of {@link SHORT_FORM}, on smaller topics. */
  short: boolean;
}

/** One variant to be run once, with the seed that decides it. */
interface Planned {
  variant: Variant;
  seed: number;
}

const MOST_EPISODES = 40;

/**
 * Runs episodes against servers of its own and prints what each found.
 * @returns the exit code: 0 only if every episode could be judged and none found a violation
 */
export async function runFaults(options: FaultsOptions): Promise<number> {
  const chosen = chooseVariants(options.short ? SHORT_FORM : options.faults);
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000_000);
  const stopped = new AbortController();
  void untilStopped().then(() => {
    stopped.abort();
  });
  console.log(`Seed ${String(seed)}. Starting Kafka, three mongods and Temporal …`);
  const world = await startWorld();
  try {
    const session = openSession(options, seed, stopped.signal, world);
    await runSideBySide(
      session,
      plan(
        chosen.filter(({ needs }) => needs !== 'servers'),
        session,
      ),
    );
    for (const planned of plan(
      chosen.filter(({ needs }) => needs === 'servers'),
      session,
    ))
      await runEpisode(session, planned);
    return summarise(session);
  } finally {
    await world.close();
  }
}

export function listFaults(): void {
  for (const variant of VARIANTS) console.log(`${nameOf(variant).padEnd(28)} ${variant.what}`);
}

interface Session {
  options: FaultsOptions;
  seed: number;
  stopped: AbortSignal;
  world: World;
  startedMs: number;
  results: Results;
  invocation: Invocation;
  /** Episodes that ended in an error of the harness: they prove nothing. */
  unjudged: number;
  /** What only one episode may use at a time. */
  inUse: Set<string>;
}

function openSession(options: FaultsOptions, seed: number, stopped: AbortSignal, world: World): Session {
  const commit = currentCommit();
  const date = new Date().toISOString();
  const typed = [...options.faults.map((fault) => `--fault "${fault}"`)];
  if (options.times !== undefined) typed.push(`--times ${String(options.times)}`);
  if (options.minutes !== undefined) typed.push(`--minutes ${String(options.minutes)}`);
  const counts = { minutes: 0, episodes: 0, kills: 0, records: 0, violations: 0 };
  const invocation = { commit, date, seed, options: typed.join(' '), ...counts };
  const startedMs = performance.now();
  const results = readResults();
  return { options, seed, stopped, world, startedMs, results, invocation, unjudged: 0, inUse: new Set() };
}

function chooseVariants(faults: readonly string[]): Variant[] {
  if (faults.length === 0) return [...VARIANTS];
  return faults.flatMap((wanted) => {
    const found = VARIANTS.filter((variant) => variant.fault === wanted || nameOf(variant) === wanted);
    if (found.length === 0)
      throw new Error(`No fault is called "${wanted}": see \`npm run faults -- --list\`.`);
    return found;
  });
}

/** In turn, so that a limit of time leaves no variant out. The seed of an episode depends on its variant and number alone. */
function plan(variants: readonly Variant[], { options, seed }: Session): Planned[] {
  const planned: Planned[] = [];
  for (let round = 0; round < (options.times ?? MOST_EPISODES); round += 1)
    for (const variant of variants) planned.push({ variant, seed: episodeSeed(seed, round) });
  return planned;
}

function episodeSeed(seed: number, round: number): number {
  return seed + round * 1_000;
}

async function runSideBySide(session: Session, planned: Planned[]): Promise<void> {
  const waiting = [...planned];
  const next = (): Planned | null => {
    const index = waiting.findIndex(({ variant }) => !session.inUse.has(variant.needs));
    return index < 0 ? null : (waiting.splice(index, 1)[0] ?? null);
  };
  const work = async (): Promise<void> => {
    for (let mine = next(); mine !== null; mine = next()) {
      const { needs } = mine.variant;
      if (needs !== 'nothing') session.inUse.add(needs);
      await runEpisode(session, mine);
      session.inUse.delete(needs);
    }
  };
  await Promise.all(Array.from({ length: session.options.lanes }, work));
}

async function runEpisode(session: Session, { variant, seed }: Planned): Promise<void> {
  if (isOver(session) || isReached(session, variant)) return;
  const startedMs = performance.now();
  const name = nameOf(variant);
  try {
    const tally = await variant.run({
      world: session.world,
      seed,
      random: createRandom(seed),
      short: session.options.short,
    });
    const { results, invocation } = session;
    addEpisode(results, name, invocation, tally);
    invocation.minutes = Math.round((performance.now() - session.startedMs) / 6_000) / 10;
    if (session.options.record) writeResults(withInvocation(results, invocation));
    console.log(
      `${name}: ${describe(tally)} in ${String(Math.round((performance.now() - startedMs) / 1000))} s`,
    );
    if (tally.violation !== null) report(name, seed, `${tally.violation.invariant}: ${tally.violation.text}`);
  } catch (error) {
    session.unjudged += 1;
    report(
      name,
      seed,
      `not judged: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}

function isOver({ options, startedMs, stopped }: Session): boolean {
  const { minutes = Infinity } = options;
  return stopped.aborted || performance.now() - startedMs > minutes * 60_000;
}

/** Counts earlier invocations, too. */
function isReached({ options, results }: Session, variant: Variant): boolean {
  return options.times === undefined && (results.variants[nameOf(variant)]?.times ?? 0) >= variant.goal;
}

function withInvocation({ variants, invocations }: Results, invocation: Invocation): Results {
  return { variants, invocations: [...invocations, invocation] };
}

function describe({ times, records, recoveryMs, violation }: Tally): string {
  const found = violation === null ? 'no violation' : 'VIOLATION';
  return `${String(times)} times, ${String(records)} records verified, ${found}, recovered within ${String(recoveryMs)} ms`;
}

function report(name: string, seed: number, text: string): void {
  console.log(
    `${name}: ${text}\n  again: npm run faults -- --fault "${name}" --seed ${String(seed)} --times 1`,
  );
}

function summarise({ invocation, unjudged }: Session): number {
  const { episodes, kills, records, violations, minutes } = invocation;
  console.log(
    `${String(episodes)} episodes, ${String(kills)} kills, ${String(records)} records verified, ${String(violations)} violations, ` +
      `${String(unjudged)} not judged, in ${String(minutes)} minutes`,
  );
  return violations === 0 && unjudged === 0 && episodes > 0 ? 0 : 1;
}
