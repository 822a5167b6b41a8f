import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Scenario } from './scenario.js';
import { until } from './until.js';

/**
 * The places in a drain where a test can strike, in the order in which a drain passes them. `mid-write` and `during-commit`
 * strike `delayMs` after the write or the commit has begun, `after-decode` and `after-dead-letters` only in batches with bad
 * records.
 */
export type Place =
  | 'before-join'
  | 'in-batch'
  | 'after-decode'
  | 'after-dead-letters'
  | 'mid-write'
  | 'after-write'
  | 'during-commit'
  | 'after-commit'
  | 'before-result'
  | 'after-result';

/**
 * `kill-process`: SIGKILL to the whole worker. `never-return`: awaits for ever. `loop`: blocks the thread's event loop for
 * ever. `eat-memory`: fills the thread's heap. `throw`: fails. `hold`: stays alive, but goes no further until the test lets go.
 */
export type Action = 'kill-process' | 'never-return' | 'loop' | 'eat-memory' | 'throw' | 'hold';

export interface Strike {
  place: Place;
  action: Action;
  /** The attempt it strikes, counted from 1 (default). */
  attempt?: number | 'any';
  /** The how manieth passing of the place in that attempt it strikes, counted from 1 (default). */
  time?: number;
  /** How long after the beginning of a write or commit it strikes; 0 unless given. */
  delayMs?: number;
}

/** How the drain thread of `threads/faulty.ts` differs from the real one. */
export interface Faults {
  /** The drain gets at most as many records at once, so that little data makes many batches. */
  batchRecords?: number;
  /** Every batch takes as much longer. */
  batchDelayMs?: number;
  strike?: Strike;
}

/** Environment variable with the path of the file in which the thread finds its faults. */
export const FAULTS_VARIABLE = 'KAFKA_DRAIN_TEST_FAULTS';
/** The thread entry that obeys them, for `Scenario.startWorker`. */
export const FAULTY_THREAD = String(new URL('../end-to-end/threads/faulty.js', import.meta.url));

/** How a test arms faults for a scenario's pipeline; they hold for attempts that begin later. A strike happens once. */
export interface FaultControl {
  arm: (faults: Faults) => void;
  /** Lets a held thread go on; later attempts meet no strike either. */
  letGo: () => void;
  hasStruck: () => boolean;
  /** Waits until the strike has happened. */
  struck: () => Promise<void>;
}

/** Must be called before the workers are started. */
export function faultsOf(scenario: Scenario): FaultControl {
  const file = join(dirname(scenario.configurationFile), 'faults.json');
  scenario.environment[FAULTS_VARIABLE] = file;
  const change = (faults: Faults) => {
    // By rename, since a held thread may read it at this very moment.
    writeFileSync(`${file}.new`, JSON.stringify({ ...readAll(file), [scenario.name]: faults }));
    renameSync(`${file}.new`, file);
  };
  const hasStruck = () => strikes(file).includes(scenario.name);
  return {
    arm: (faults) => {
      writeFileSync(
        strikesFile(file),
        strikes(file)
          .filter((name) => name !== scenario.name)
          .join('\n') + '\n',
      );
      change(faults);
    },
    letGo: () => {
      const faults = { ...readAll(file)[scenario.name] };
      delete faults.strike;
      change(faults);
    },
    hasStruck,
    struck: async () => {
      await until(`the fault of ${scenario.name} to strike`, () => Promise.resolve(hasStruck() || null));
    },
  };
}

/** For the thread: what is armed for its pipeline right now. */
export function readFaults(pipeline: string): Faults {
  return readAll(process.env[FAULTS_VARIABLE] ?? '')[pipeline] ?? {};
}

/** For the thread: tells the test that the strike happens now. Returns whether it may: not if it has happened before. */
export function recordStrike(pipeline: string): boolean {
  const file = process.env[FAULTS_VARIABLE] ?? '';
  if (strikes(file).includes(pipeline)) return false;
  appendFileSync(strikesFile(file), `${pipeline}\n`);
  return true;
}

function strikes(file: string): string[] {
  return existsSync(strikesFile(file)) ? readFileSync(strikesFile(file), 'utf8').split('\n') : [];
}

function strikesFile(file: string): string {
  return `${file}.strikes`;
}

function readAll(file: string): Record<string, Faults> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Faults>) : {};
}
