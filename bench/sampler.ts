/** Looks at mongod's counters and at the processes while a program drains. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, Document } from 'mongodb';
import { followTree, type TreeUse } from './processes.js';
import { nowMs } from './program.js';
import type { CounterSample } from './window.js';

/** Short beside every figure that is made of it, long beside what a look costs (0.3 ms of mongod). */
const PERIOD_MS = 15;

/** A moment: the counters, and what each process had used by then. */
export interface Sample extends CounterSample {
  readonly client: TreeUse | null;
  readonly servers: Readonly<Record<ServerName, TreeUse>>;
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
  const followed = {
    mongod: followTree(pids.mongod),
    kafka: followTree(pids.kafka),
    temporal: followTree(pids.temporal),
  };
  let client: (() => TreeUse) | null = null;
  const samples: Sample[] = [];
  const take = async (): Promise<void> => {
    const counters = await readCounters();
    const servers = { mongod: followed.mongod(), kafka: followed.kafka(), temporal: followed.temporal() };
    samples.push({ atMs: nowMs(), ...counters, client: client?.() ?? null, servers });
  };
  await take();
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await take();
      await sleep(PERIOD_MS);
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
