import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { untilStopped } from '../stack/signals.js';
import { temporaryFolder } from '../test/support/stack.js';
import { MONGOD_CACHE, startServers } from './bench-servers.js';
import { describeMachine, describeVersions } from './machine.js';
import { optionsFrom, type BenchFlags, type BenchOptions } from './options.js';
import type { Program } from './program.js';
import { PEERS, SUBJECT_PROGRAM } from './programs.js';
import { runRounds, type Fetched, type Outcome } from './rounds.js';
import { describeSummary, summarize } from './summary.js';

/** The names in `peers/packages.json` of what must be fetched for the peers asked for; throws where a flag is wrong. */
export function neededBy(flags: BenchFlags): string[] {
  const needs = chosenPeers(optionsOf(flags)).map((peer) => peer.needs);
  return [...new Set(needs.filter((name) => name !== undefined))];
}

function optionsOf(flags: BenchFlags, date = new Date()): BenchOptions {
  return optionsFrom(flags, PEERS, date);
}

function chosenPeers(options: BenchOptions): Program[] {
  return PEERS.filter(({ name }) => options.peers.includes(name));
}

/**
 * Measures kafka-drain and its peers side by side on servers of its own, prints a table and writes the figures. A peer that
 * fails is left out from then on and said so; only kafka-drain's failure ends the bench, and what was measured until then is kept.
 * @returns the exit code: 1 where kafka-drain left a wrong document
 */
export async function runBench(flags: BenchFlags, fetched: Fetched): Promise<number> {
  const date = new Date();
  const options = optionsOf(flags, date);
  const folder = temporaryFolder('bench');
  const servers = await startServers(folder.path, options.joinDelayMs);
  const stopped = untilStopped().then((cause) => {
    throw new Error(`stopped by ${cause}`);
  });
  try {
    const peers = chosenPeers(options);
    const field = { options, servers, folder: folder.path, peers, fetched };
    const outcome: Outcome = { runs: [], leftOut: new Map() };
    const rounds = Promise.race([runRounds(field, outcome), stopped]);
    const isComplete = await rounds.then(
      () => true,
      () => false,
    );
    report(options, date, outcome, isComplete);
    await rounds;
    return outcome.runs.some(({ program, wrong }) => program.startsWith(SUBJECT_PROGRAM.name) && wrong > 0)
      ? 1
      : 0;
  } finally {
    await servers.stop();
    folder.remove();
  }
}

/** What was measured until an end before its time is kept, under another name. */
function report(options: BenchOptions, date: Date, { runs, leftOut }: Outcome, isComplete: boolean): void {
  if (runs.length === 0) return;
  const summary = summarize(runs);
  console.log(`\n${describeSummary(summary)}`);
  if (options.out === undefined) return;
  const file = resolve(isComplete ? options.out : options.out.replace(/(\.json)?$/, '-unfinished$1'));
  mkdirSync(dirname(file), { recursive: true });
  const { workloads, rounds, records, partitions, bytes, compression, joinDelayMs } = options;
  const content = {
    date: date.toISOString(),
    machine: describeMachine(),
    versions: describeVersions(),
    settings: {
      ...{ rounds, records, partitions, joinDelayMs },
      ...{ bytes: bytes ?? null, compression: compression ?? null, mongodCache: MONGOD_CACHE },
      workloads: workloads.map(({ name, title, bytes: own }) => ({ name, title, bytes: bytes ?? own })),
      programs: [SUBJECT_PROGRAM, ...PEERS].map(({ name, title }) => ({ name, title })),
    },
    leftOut: Object.fromEntries(leftOut),
    summary,
    runs,
  };
  writeFileSync(file, `${JSON.stringify(content, rounded, 2)}\n`);
  console.log(`\nWritten to ${file}`);
}

/** Three digits after the point are more than any of the figures deserves. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value;
}
