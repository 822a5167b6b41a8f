import type { Random } from '../simulator/random.js';
import type { ScenarioOptions } from '../support/scenario.js';
import { heal, openLane, shutDown, type Lane } from './lane.js';
import type { Violation } from './oracle/violation.js';
import { verify, type VerifyOptions } from './verify.js';
import { watchVersions, type Watching } from './watch.js';
import type { World } from './world.js';

/** What an episode begins with; the seed decides everything random in it. */
export interface Episode {
  world: World;
  seed: number;
  random: Random;
  /** The form for `npm test`: the fault once, on a smaller topic. */
  short: boolean;
}

/** What an episode did and found. */
export interface Tally {
  /** How often the fault was injected. */
  times: number;
  /** Hard kills of a worker among them. */
  kills: number;
  /** Records the oracle has verified. */
  records: number;
  /** The longest time from a fault to the next commit, or to the end of the run where there was nothing left to commit. */
  recoveryMs: number;
  violation: Violation | null;
}

/** A fault in one of its forms. */
export interface Variant {
  /** `F1` … `F15` of docs/reliability.md. */
  fault: string;
  /** Unique within the fault. */
  name: string;
  /** For the table: what is done. */
  what: string;
  /** What it needs for itself while it runs; episodes that need nothing run side by side. */
  needs: 'nothing' | 'kafka-link' | 'servers';
  /** How often it is injected at least before the variant counts as tested. */
  goal: number;
  run: (episode: Episode) => Promise<Tally>;
}

export interface LaneOptions extends ScenarioOptions {
  lanes?: number;
  /** Whether every change of the documents is followed; not where the database is the victim. */
  watch?: boolean;
  verify?: VerifyOptions;
}

/** How often something is done in an episode; in a short one, once. */
export function rounds({ short }: Episode, full: number): number {
  return short ? 1 : full;
}

export function newTally(): Tally {
  return { times: 0, kills: 0, records: 0, recoveryMs: 0, violation: null };
}

/** Keeps the longest. */
export function recovered(tally: Tally, ms: number): void {
  tally.recoveryMs = Math.max(tally.recoveryMs, Math.round(ms));
}

/** Opens pipelines, lets the fault happen to them, lets them heal, and asks the oracle about each. */
export async function inLanes(
  { world, seed }: Episode,
  options: LaneOptions,
  act: (lanes: readonly Lane[], tally: Tally) => Promise<void>,
): Promise<Tally> {
  const { lanes: count = 1, watch = false, verify: verifyOptions, ...scenario } = options;
  const tally = newTally();
  const lanes: Lane[] = [];
  try {
    for (let index = 0; index < count; index += 1) lanes.push(await openLane(world, seed + index, scenario));
    const watching = watch ? await Promise.all(lanes.map(watchVersions)) : [];
    await act(lanes, tally);
    await Promise.all(lanes.map((lane, index) => judge(lane, tally, watching[index], verifyOptions)));
    return tally;
  } finally {
    await Promise.allSettled(lanes.map((lane) => lane.close()));
  }
}

/** {@link inLanes} for a fault that one pipeline is enough for. */
export function inLane(
  episode: Episode,
  options: LaneOptions,
  act: (lane: Lane, tally: Tally) => Promise<void>,
): Promise<Tally> {
  return inLanes(episode, options, async ([lane], tally) => {
    if (lane !== undefined) await act(lane, tally);
  });
}

async function judge(
  lane: Lane,
  tally: Tally,
  watching: Watching | undefined,
  options?: VerifyOptions,
): Promise<void> {
  const stuck = await heal(lane);
  const verdict = await verify(lane, options);
  tally.records += verdict.records;
  // It saw when a document moved back; at the end that looks like a record that was lost.
  const regression = (await watching?.stop()) ?? null;
  tally.violation ??= regression ?? stuck ?? verdict.violation;
  const unwilling = await shutDown(lane);
  tally.violation ??= unwilling;
}
