import type { Every } from '../../src/drain/every.js';
import type { Random } from './random.js';
import type { VirtualTime } from './time.js';

/** What may happen to a process at any of its steps. */
export interface Perils {
  kill: number;
  /** SIGSTOP: it stands still for a while and then goes on as if nothing had happened. */
  freeze: number;
}

/** A worker process of the simulation. Everything it does to the outside goes through `step`, where it may be struck. */
export interface SimulatedProcess {
  /** Takes some time; never returns if the process is killed, late if it is frozen. */
  step: () => Promise<void>;
  /** A timer that stands still with the process and ends with it. */
  every: Every;
  isDead: () => boolean;
  /** How long it has been frozen in all. */
  frozenMs: () => number;
  /** When it went silent (killed or frozen); `null`: it is well. */
  silentSinceMs: () => number | null;
  /** Ends it at its next step. */
  kill: () => void;
}

const LONGEST_STEP_MS = 50;
/** From a hiccup to far beyond session and heartbeat timeouts. */
const FREEZES_MS = [500, 5_000, 12_000, 40_000, 90_000];

export function createProcess(time: VirtualTime, random: Random, perils: Perils): SimulatedProcess {
  let dead = false;
  let frozenUntilMs = 0;
  let frozenMs = 0;
  let silentSinceMs: number | null = null;
  const never = new Promise<never>(() => undefined);
  const kill = () => {
    silentSinceMs ??= time.now();
    dead = true;
  };
  const strike = () => {
    if (random.chance(perils.kill)) kill();
    else if (random.chance(perils.freeze)) {
      const freezeMs = random.pick(FREEZES_MS);
      frozenUntilMs = time.now() + freezeMs;
      frozenMs += freezeMs;
      silentSinceMs = time.now();
    }
  };
  const stand = async () => {
    if (dead) await never;
    while (time.now() < frozenUntilMs) await time.sleep(frozenUntilMs - time.now());
    if (!dead) silentSinceMs = null;
    else await never;
  };
  return {
    step: async () => {
      strike();
      await stand();
      await time.sleep(random.integer(0, LONGEST_STEP_MS));
      await stand();
    },
    every: (periodMs, action) => {
      let stopped = false;
      const tick = async () => {
        for (;;) {
          await time.sleep(periodMs);
          if (dead) return;
          await stand();
          if (stopped) return;
          await action();
        }
      };
      void tick();
      return () => {
        stopped = true;
      };
    },
    isDead: () => dead,
    frozenMs: () => frozenMs,
    silentSinceMs: () => silentSinceMs,
    kill,
  };
}
