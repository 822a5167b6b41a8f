/** What the bench knows of a measured program. */
import type { StackAddresses } from '../stack/stack.js';
import type { WorkloadName } from './workloads.js';

/** What a program has to drain, and where to. */
export interface Task {
  readonly servers: StackAddresses;
  /** For its files and log. */
  readonly folder: string;
  /** Where what the program needs was put (`scripts/lib/peers.mjs`). */
  readonly fetched: string;
  readonly topic: string;
  /** Where each partition ends, by number. */
  readonly ends: readonly number[];
  /** Another one in every run. */
  readonly group: string;
  readonly database: string;
  readonly collection: string;
  /** For a program that runs all day, and so warms up before it is ready; gone before anything is measured. */
  readonly warmUpCollection: string;
  /** What a group has committed in each partition, by number. */
  readonly committed: (group: string) => Promise<number[]>;
}

/** Programs that run all day drain so many of the same records elsewhere before they are measured. */
export const WARM_UP_RECORDS = 20_000;

/** A drain that has ended. */
export interface Drained {
  /** Milliseconds since 1970: when it was told to, be it by its process's start. */
  readonly startedMs: number;
  /** Milliseconds since 1970; null where the program doesn't end: then the last write is its end. */
  readonly endedMs: number | null;
  /** What only this program has, in milliseconds. */
  readonly times?: Readonly<Record<string, number>>;
}

/** A program that is ready to drain. */
export interface Opened {
  /** Milliseconds from its process's start until it was ready for work; null where it is started by each drain. */
  readonly startUpMs: number | null;
  /** Drains the topic to its ends; `started` is told the id of the process to account for, as soon as there is one. */
  readonly drain: (started: (pid: number) => void) => Promise<Drained>;
  readonly close: () => Promise<void>;
}

/** One row of the table. */
export interface Program {
  readonly name: string;
  /** What it is and how it is set, for the JSON. */
  readonly title: string;
  /** Name in `peers/packages.json` of what has to be fetched; none where everything is there. */
  readonly needs?: string;
  /** Most records that it is asked to drain: it takes a second and more for a thousand. */
  readonly mostRecords?: number;
  /** Those in which it takes part; all unless told. */
  readonly workloads?: readonly WorkloadName[];
  readonly mostRounds?: number;
  /** Takes part only where it is asked for by its name. */
  readonly isExtra?: boolean;
  readonly open: (task: Task) => Promise<Opened>;
}

/** Milliseconds since 1970, to the fraction. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
