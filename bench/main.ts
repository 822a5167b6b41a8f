import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { untilStopped } from '../stack/signals.js';
import { temporaryFolder } from '../test/support/stack.js';
import { fillTopic, startServers, type BenchServers } from './bench-servers.js';
import { describeMachine, describeVersions } from './machine.js';
import { measure, type RunFigures } from './measure.js';
import { optionsFrom, rotated, type BenchFlags, type BenchOptions } from './options.js';
import type { Program } from './program.js';
import { PEERS, SUBJECT_PROGRAM } from './programs.js';
import { describeSummary, summarize } from './summary.js';
import type { Workload } from './workloads.js';

/** What a peer needs was fetched and is here, or why it isn't. */
export type Fetched = Readonly<Record<string, { readonly missing?: string }>>;

/** The names that `--peers` takes, with the name of what must be fetched for each. */
export const PEER_NEEDS: readonly { readonly name: string; readonly needs: string | undefined }[] = PEERS.map(
  ({ name, needs }) => ({ name, needs }),
);

/**
 * Measures kafka-drain and its peers side by side on servers of its own, prints a table and writes the figures. A peer that
 * fails is left out from then on and said so; only kafka-drain's failure ends the bench.
 * @returns the exit code: 1 where kafka-drain left a wrong document
 */
export async function runBench(flags: BenchFlags, fetched: Fetched): Promise<number> {
  const date = new Date();
  const options = optionsFrom(
    flags,
    PEERS.map(({ name }) => name),
    date,
  );
  const folder = temporaryFolder('bench');
  const servers = await startServers(folder.path, options.joinDelayMs);
  const stopped = untilStopped().then((cause) => {
    throw new Error(`stopped by ${cause}`);
  });
  try {
    const bench = createBench(options, servers, folder.path, fetched);
    const runs = await Promise.race([bench.run(), stopped]);
    report(options, date, runs, bench.leftOut);
    return runs.some(({ program, wrong }) => program === SUBJECT_PROGRAM.name && wrong > 0) ? 1 : 0;
  } finally {
    await servers.stop();
    folder.remove();
  }
}

interface Bench {
  readonly run: () => Promise<RunFigures[]>;
  /** Why, by the program's name. */
  readonly leftOut: ReadonlyMap<string, string>;
}

function createBench(options: BenchOptions, servers: BenchServers, folder: string, fetched: Fetched): Bench {
  const { records, partitions, bytes } = options;
  const leftOut = new Map<string, string>();
  const runs: RunFigures[] = [];
  const leaveOut = (program: Program, reason: string): void => {
    leftOut.set(program.name, reason);
    console.log(`${program.name} is left out: ${reason}`);
  };
  const peers = PEERS.filter(({ name }) => options.peers.includes(name));
  for (const peer of peers) {
    const missing = fetched[peer.needs ?? '']?.missing;
    if (missing !== undefined) leaveOut(peer, missing);
  }
  const inWorkload = async (workload: Workload): Promise<void> => {
    const topic = await fillTopic(servers, workload, { records, partitions, bytes });
    const all = [SUBJECT_PROGRAM, ...(workload.onlyKafkaDrain === true ? [] : peers)];
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const program of rotated(all, round)) {
        if (leftOut.has(program.name)) continue;
        try {
          const figures = await measure({ servers, folder, program, workload, topic, round });
          runs.push(figures);
          console.log(describeRun(figures));
        } catch (error) {
          if (program === SUBJECT_PROGRAM) throw error;
          leaveOut(program, error instanceof Error ? error.message : String(error));
        }
      }
    }
    await servers.admin.deleteTopics({ topics: [topic.name] });
  };
  return {
    leftOut,
    run: async () => {
      for (const workload of options.workloads) await inWorkload(workload);
      return runs;
    },
  };
}

function describeRun({ workload, round, program, wrong, recordsPerSecond, wholeMs }: RunFigures): string {
  const speed =
    wrong > 0
      ? `wrong: ${String(wrong)} documents`
      : `${recordsPerSecond === null ? '–' : recordsPerSecond.toFixed(0)} records/s`;
  return `${workload} round ${String(round)}: ${program} ${speed}, ${(wholeMs / 1_000).toFixed(1)} s in all`;
}

function report(
  options: BenchOptions,
  date: Date,
  runs: readonly RunFigures[],
  leftOut: ReadonlyMap<string, string>,
): void {
  const summary = summarize(runs);
  console.log(`\n${describeSummary(summary)}`);
  if (options.out === undefined) return;
  const file = resolve(options.out);
  mkdirSync(dirname(file), { recursive: true });
  const { workloads, rounds, records, partitions, bytes, joinDelayMs } = options;
  const content = {
    date: date.toISOString(),
    machine: describeMachine(),
    versions: describeVersions(),
    settings: {
      ...{ rounds, records, partitions, bytes: bytes ?? null, joinDelayMs },
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
