/** Looks at mongod's counters and at the processes while a program drains. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, Document } from 'mongodb';
import { followTree, readCpuSeconds, type TreeUse } from './processes.js';
import { nowMs } from './program.js';
import type { CounterSample } from './window.js';

/** Until the first write, whose moment is as exact as this. */
const FINE_PERIOD_MS = 20;
/** From the first look-up on: a program that looks and finds that nothing is to be written has no first write. */
const FINE_FOR_MS = 200;
/** From then on, when programs need the cores: a look costs this process and mongod 2 to 3 ms of CPU. The end is estimated in between. */
const PERIOD_MS = 50;

/** A moment: the counters, and what each process had used by then. */
export interface Sample extends CounterSample {
  readonly client: TreeUse | null;
  /** Seconds of CPU since their start; the bench's own are what measuring costs. */
  readonly others: Readonly<Record<ServerName | 'bench', number>>;
}

export type ServerName = 'mongod' | 'kafka' | 'temporal';
export type ServerPids = Readonly<Record<ServerName, number>>;

export interface Sampler {
  /** From now on this process and its children are the client. */
  follow: (pid: number) => void;
  stop: () => Promise<Sample[]>;
}

export async function startSampler(admin: Db, pids: ServerPids): Promise<Sampler> {
  const readCounters = await counterReader(admin);
  let client: (() => TreeUse) | null = null;
  const samples: Sample[] = [];
  const take = async (): Promise<Sample> => {
    const counters = await readCounters();
    const { user, system } = process.cpuUsage();
    const others = {
      bench: (user + system) / 1e6,
      mongod: readCpuSeconds(pids.mongod),
      kafka: readCpuSeconds(pids.kafka),
      temporal: readCpuSeconds(pids.temporal),
    };
    const sample = { atMs: nowMs(), ...counters, client: client?.() ?? null, others };
    samples.push(sample);
    return sample;
  };
  const first = await take();
  const stopping = new AbortController();
  const loop = (async () => {
    let lookedMs: number | null = null;
    while (!stopping.signal.aborted) {
      const { atMs, writes, queries } = await take();
      if (queries > first.queries) lookedMs ??= atMs;
      const isFine = writes === first.writes && atMs - (lookedMs ?? atMs) < FINE_FOR_MS;
      await sleep(isFine ? FINE_PERIOD_MS : PERIOD_MS);
    }
  })();
  loop.catch(() => undefined);
  return {
    follow: (pid) => {
      client = followTree(pid);
      client();
    },
    stop: async () => {
      stopping.abort();
      await loop;
      await take();
      return samples;
    },
  };
}

/** Asks for the one section that is needed: the others cost twenty times as much. */
async function counterReader(admin: Db): Promise<() => Promise<Pick<CounterSample, 'writes' | 'queries'>>> {
  const full: Document = await admin.command({ serverStatus: 1 });
  const unwanted = Object.keys(full).filter(
    (name) => typeof full[name] === 'object' && name !== 'opcounters',
  );
  const command = { serverStatus: 1, ...Object.fromEntries(unwanted.map((name) => [name, 0])) };
  return async () => {
    const { opcounters } = (await admin.command(command)) as { opcounters: Record<string, number> };
    const { insert = 0, update = 0, delete: deleted = 0, query: queries = 0 } = opcounters;
    return { writes: insert + update + deleted, queries };
  };
}
