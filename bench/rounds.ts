/** Who runs when: workload by workload, round by round, everybody in turn first. */
import { fillTopic, type BenchServers, type FilledTopic } from './bench-servers.js';
import { measure, type RunFigures } from './measure.js';
import { rotated, type BenchOptions } from './options.js';
import type { Program } from './program.js';
import { SUBJECT_PROGRAM } from './programs.js';
import { topicOf, type Workload } from './workloads.js';

/** By the name of what a peer needs: where it is, or why it isn't to be had here. */
export type Fetched = Readonly<Record<string, { readonly folder?: string; readonly missing?: string }>>;

export interface Field {
  readonly options: BenchOptions;
  readonly servers: BenchServers;
  readonly folder: string;
  readonly peers: readonly Program[];
  readonly fetched: Fetched;
}

export interface Outcome {
  readonly runs: RunFigures[];
  /** Why, by the program's name. */
  readonly leftOut: Map<string, string>;
}

/**
 * Adds to the outcome run by run. A peer that fails is left out from then on, and said so; kafka-drain's failure ends
 * everything.
 */
export async function runRounds(field: Field, { runs, leftOut }: Outcome): Promise<void> {
  const leaveOut = ({ name }: Program, reason: string): void => {
    leftOut.set(name, reason);
    console.log(`${name} is left out: ${reason.split('\n', 1).join('')}`);
  };
  for (const peer of field.peers) {
    const missing = field.fetched[peer.needs ?? '']?.missing;
    if (missing !== undefined) leaveOut(peer, missing);
  }
  for (const workload of field.options.workloads) {
    const topics = new Map<string, FilledTopic>();
    for (const { program, round } of turnsOf(field, workload)) {
      if (leftOut.has(program.name)) continue;
      const figures = await oneRun(field, workload, program, round, topics).catch(failureOf);
      if (!(figures instanceof Error)) runs.push(figures);
      else if (program === SUBJECT_PROGRAM) throw figures;
      else leaveOut(program, figures.message);
    }
    await field.servers.admin.deleteTopics({ topics: [...topics.keys()] });
  }
}

function failureOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

interface Turn {
  readonly program: Program;
  readonly round: number;
}

function turnsOf({ options, peers }: Field, workload: Workload): Turn[] {
  const taking = [SUBJECT_PROGRAM, ...peers].filter((program) => takesPart(program, workload));
  const rounds = Array.from({ length: options.rounds }, (_, index) => index + 1);
  return rounds.flatMap((round) =>
    rotated(taking, round)
      .filter(({ mostRounds }) => round <= (mostRounds ?? round))
      .map((program) => ({ program, round })),
  );
}

function takesPart(program: Program, workload: Workload): boolean {
  if (workload.onlyKafkaDrain === true) return program === SUBJECT_PROGRAM;
  return program.workloads?.includes(workload.name) ?? true;
}

async function oneRun(
  { options, servers, folder, fetched }: Field,
  workload: Workload,
  program: Program,
  round: number,
  topics: Map<string, FilledTopic>,
): Promise<RunFigures> {
  const records = Math.min(options.records, program.mostRecords ?? options.records);
  const name = topicOf(workload, records);
  const topic = topics.get(name) ?? (await fillTopic(servers, workload, { ...options, records }));
  topics.set(name, topic);
  const needed = fetched[program.needs ?? '']?.folder ?? '';
  const figures = await measure({ servers, folder, program, fetched: needed, workload, topic, round });
  console.log(describeRun(figures));
  return figures;
}

function describeRun({ workload, round, program, wrong, recordsPerSecond, wholeMs }: RunFigures): string {
  const rate = recordsPerSecond === null ? '' : `${recordsPerSecond.toFixed(0)} records/s, `;
  const speed = wrong > 0 ? `wrong: ${String(wrong)} documents, ` : rate;
  return `${workload} round ${String(round)}: ${program} ${speed}${(wholeMs / 1_000).toFixed(1)} s in all`;
}
