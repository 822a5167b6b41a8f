/** One run of one program on one workload: drained, measured, judged. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { committedBy, type BenchServers, type FilledTopic } from './bench-servers.js';
import { cpuOf, type CpuUse } from './cpu.js';
import { countWrong } from './fold.js';
import type { Drained, Opened, Program, Task } from './program.js';
import { startSampler, type Sample } from './sampler.js';
import { rateOf, windowOf } from './window.js';
import type { Workload } from './workloads.js';

/** Times in milliseconds, of the run's start unless told; null where there is no such thing. */
export interface RunFigures {
  readonly program: string;
  readonly workload: string;
  readonly round: number;
  readonly records: number;
  /** Of the stored documents. A run with any has no speed. */
  readonly wrong: number;
  /** From the first to the last look or write. */
  readonly recordsPerSecond: number | null;
  readonly firstWriteMs: number | null;
  readonly lastWriteMs: number | null;
  readonly wholeMs: number;
  readonly startUpMs: number | null;
  readonly cpu: CpuUse;
  readonly peakMemoryBytes: number;
  readonly times: Readonly<Record<string, number>>;
}

const COLLECTION = 'docs';
let groups = 0;

export interface Run {
  readonly servers: BenchServers;
  readonly folder: string;
  readonly program: Program;
  /** Where what it needs is. */
  readonly fetched: string;
  readonly workload: Workload;
  readonly topic: FilledTopic;
  readonly round: number;
}

/** Where a workload wants everything drained before, the program does so first, unmeasured, the first time. */
export async function measure(run: Run): Promise<RunFigures> {
  const { servers, program, workload, topic } = run;
  const database = `bench_${workload.name}_${program.name.replaceAll('-', '_')}`;
  const db = servers.mongo.db(database);
  const isKept = workload.drainedBefore === true;
  if (isKept && (await db.collection(COLLECTION).estimatedDocumentCount()) === 0) {
    const opened = await program.open(taskOf(run, database));
    await opened.drain(() => undefined).finally(opened.close);
  }
  const task = taskOf(run, database);
  const opened = await program.open(task);
  let measured: Measured;
  try {
    await db.dropCollection(task.warmUpCollection);
    if (workload.name === 'empty') await opened.drain(() => undefined);
    measured = await sampled(servers, opened);
  } finally {
    await opened.close();
  }
  const wrong = await countWrong(db.collection(COLLECTION), topic);
  if (!isKept) await db.dropDatabase();
  return figuresOf(run, opened, measured, wrong);
}

function taskOf({ servers, folder, program, fetched, workload, topic }: Run, database: string): Task {
  groups += 1;
  const group = `bench-${workload.name}-${program.name}-${String(groups)}`;
  const own = join(folder, group);
  mkdirSync(own, { recursive: true });
  return {
    servers: servers.stack.addresses,
    folder: own,
    fetched,
    topic: topic.name,
    ends: topic.ends,
    group,
    database,
    collection: COLLECTION,
    warmUpCollection: `${COLLECTION}_warm_up`,
    committed: (name) => committedBy(servers.admin, name, topic.name),
  };
}

interface Measured {
  readonly drained: Drained;
  readonly samples: readonly Sample[];
}

async function sampled({ mongo, pids }: BenchServers, opened: Opened): Promise<Measured> {
  const admin = mongo.db('admin');
  // What the one before has left to be written isn't this one's to pay for.
  await admin.command({ fsync: 1 });
  const sampler = await startSampler(admin, pids);
  try {
    const drained = await opened.drain(sampler.follow);
    return { drained, samples: await sampler.stop() };
  } catch (error) {
    await sampler.stop();
    throw error;
  }
}

function figuresOf(run: Run, opened: Opened, { drained, samples }: Measured, wrong: number): RunFigures {
  const { program, workload, topic, round } = run;
  const { startedMs } = drained;
  const window = windowOf(samples);
  const endedMs = drained.endedMs ?? window?.toMs ?? startedMs;
  const records = workload.name === 'empty' ? 0 : topic.records;
  return {
    program: program.name,
    workload: workload.name,
    round,
    records,
    wrong,
    recordsPerSecond: wrong === 0 && workload.isShort !== true ? rateOf(records, window) : null,
    firstWriteMs: window === null ? null : window.firstMs - startedMs,
    lastWriteMs: window === null ? null : window.toMs - startedMs,
    wholeMs: endedMs - startedMs,
    startUpMs: opened.startUpMs,
    cpu: cpuOf(samples, { fromMs: startedMs, toMs: endedMs }, window),
    peakMemoryBytes: Math.max(0, ...samples.map(({ client }) => client?.peakBytes ?? 0)),
    times: drained.times ?? {},
  };
}
