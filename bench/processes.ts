/** CPU and memory of running processes, from Linux's /proc. */
import { readFileSync, readdirSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIBIBYTE = 1_024;

export interface ProcessUse {
  /** User and system time, with that of children that have ended. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** The most it ever was. */
  readonly peakBytes: number;
}

/** Of the content of /proc/<pid>/stat. */
export function parseCpuSeconds(stat: string): number {
  // The second field is the program's name in brackets, with anything in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
  return ((user ?? 0) + (system ?? 0) + (childrenUser ?? 0) + (childrenSystem ?? 0)) / TICKS_PER_SECOND;
}

/** Of the content of /proc/<pid>/status. */
export function parseMemory(status: string): Pick<ProcessUse, 'residentBytes' | 'peakBytes'> {
  const bytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * KIBIBYTE;
  return { residentBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}

/** Of a process without children; 0 once it is gone. */
export function readCpuSeconds(pid: number): number {
  const stat = read(pid, 'stat');
  return stat === null ? 0 : parseCpuSeconds(stat);
}

/** Null once the process is gone. */
export function readUse(pid: number): ProcessUse | null {
  const stat = read(pid, 'stat');
  const status = read(pid, 'status');
  if (stat === null || status === null) return null;
  return { cpuSeconds: parseCpuSeconds(stat), ...parseMemory(status) };
}

/** The process and all that it started, directly or not. */
export function treeOf(pid: number): number[] {
  return [
    pid,
    ...threadsOf(pid)
      .flatMap((thread) => childrenOf(pid, thread))
      .flatMap(treeOf),
  ];
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${String(pid)}/task`);
  } catch {
    return [];
  }
}

function childrenOf(pid: number, thread: string): number[] {
  const text = (read(pid, `task/${thread}/children`) ?? '').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return null;
  }
}

export interface TreeUse {
  readonly cpuSeconds: number;
  /** The kernel's own peak of a single process; of several, the highest sum seen. */
  readonly peakBytes: number;
}

/** Follows a process and its children: call it as often as precision is wanted; what was seen stays when they end. */
export function followTree(root: number): () => TreeUse {
  let tree: number[] = [];
  let listedMs = -Infinity;
  let cpuSeconds = 0;
  let peakBytes = 0;
  return () => {
    const nowMs = performance.now();
    if (nowMs - listedMs >= LIST_EVERY_MS) {
      tree = treeOf(root);
      listedMs = nowMs;
    }
    const uses = tree.map(readUse).filter((use) => use !== null);
    // A parent has the time of the children that it has waited for, so the sum only falls when the parent is gone.
    cpuSeconds = Math.max(
      cpuSeconds,
      sum(uses, (use) => use.cpuSeconds),
    );
    const isAlone = tree.length === 1;
    peakBytes = Math.max(
      peakBytes,
      sum(uses, (use) => (isAlone ? use.peakBytes : use.residentBytes)),
    );
    return { cpuSeconds, peakBytes };
  };
}

function sum(uses: readonly ProcessUse[], value: (use: ProcessUse) => number): number {
  return uses.reduce((total, use) => total + value(use), 0);
}

/** A file for each thread has to be read to know the children. */
const LIST_EVERY_MS = 400;
