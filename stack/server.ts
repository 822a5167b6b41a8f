import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait.js';

/** What `supervisor.ts` needs to know. */
export interface SupervisorTask {
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory of the server. */
  readonly folder: string;
  /** Standard output and error of the server are appended here. */
  readonly logFile: string;
  /** Milliseconds from SIGTERM to SIGKILL. */
  readonly stopWithinMs: number;
}

/** A line from the supervisor: the server's process id, then how it ended. */
export type SupervisorReport = { readonly pid: number } | { readonly exited: string };

/** A server to start: the one description that Kafka, mongod and Temporal share. */
export interface ServerSpec extends SupervisorTask {
  readonly name: string;
  /** Environment of the server; this process's own unless given. */
  readonly environment?: NodeJS.ProcessEnv;
  /** True once the server answers; called again and again until then, errors count as "not yet". */
  readonly ready: () => Promise<boolean>;
  /** Upper bound of the start in milliseconds. */
  readonly readyWithinMs: number;
}

/** A running server, in a process group of its own, that ends with this process whatever happens to it. */
export interface Server {
  readonly name: string;
  readonly logFile: string;
  /** Process id of the server itself (not of its supervisor); throws when it isn't running. */
  pid: () => number;
  isRunning: () => boolean;
  /** Sends a signal to the server itself; after SIGKILL, resolves when it is gone. */
  kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** Orderly stop: SIGTERM, then SIGKILL after the spec's time. Nothing happens if it isn't running. */
  stop: () => Promise<void>;
  /** Starts it again on the same port and data, stopping it first where needed, and waits until it answers. */
  restart: () => Promise<void>;
}

interface RunningProcess {
  readonly pid: number;
  readonly supervisor: ChildProcessByStdio<Writable, Readable, null>;
  /** Resolves with how the server ended, once its supervisor is gone too. */
  readonly ended: Promise<string>;
  isAlive: () => boolean;
}

const SUPERVISOR = fileURLToPath(new URL('./supervisor.js', import.meta.url));
const LOG_TAIL_LINES = 15;

/** Starts a server under a supervisor and waits until it is ready; a failure names the log and shows its last lines. */
export async function startServer(spec: ServerSpec): Promise<Server> {
  let current = await launch(spec);
  const stop = (): Promise<void> => endProcess(current, spec);
  return {
    name: spec.name,
    logFile: spec.logFile,
    pid: () => {
      if (!current.isAlive()) throw new Error(`${spec.name} isn't running`);
      return current.pid;
    },
    isRunning: () => current.isAlive(),
    kill: async (signal = 'SIGKILL') => {
      if (current.isAlive()) process.kill(current.pid, signal);
      if (signal === 'SIGKILL') await current.ended;
    },
    stop,
    restart: async () => {
      await stop();
      current = await launch(spec);
    },
  };
}

async function launch(spec: ServerSpec): Promise<RunningProcess> {
  const running = await spawnSupervised(spec);
  const given = new AbortController();
  const early = running.ended.then((how) => {
    throw new Error(`it ended during its start (${how})`);
  });
  try {
    await Promise.race([
      early,
      waitUntil('ready', spec.ready, { timeoutMs: spec.readyWithinMs, signal: given.signal }),
    ]);
    return running;
  } catch (error) {
    given.abort(error);
    await endProcess(running, spec);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${spec.name} did not start: ${reason}\n${describeLog(spec.logFile)}`, { cause: error });
  } finally {
    early.catch(() => undefined);
  }
}

async function spawnSupervised(spec: ServerSpec): Promise<RunningProcess> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const { command, args, folder, logFile, stopWithinMs } = spec;
  const task: SupervisorTask = { command, args, folder, logFile, stopWithinMs };
  // Detached: a process group of its own, so that Ctrl-C in the terminal reaches us alone and we stop the servers in order.
  const supervisor = spawn(process.execPath, [SUPERVISOR, JSON.stringify(task)], {
    detached: true,
    ...(spec.environment ? { env: spec.environment } : {}),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Ending it writes to a pipe whose reader may be gone already.
  supervisor.stdin.on('error', () => undefined);
  const reports = readReports(supervisor.stdout);
  const first = await reports.first;
  if (!('pid' in first)) throw new Error(`${spec.name} did not start: ${first.exited} (${spec.command})`);
  let alive = true;
  const ended = once(supervisor, 'exit').then(async () => {
    alive = false;
    return reports.exited;
  });
  return { pid: first.pid, supervisor, ended, isAlive: () => alive };
}

function readReports(stream: Readable): { first: Promise<SupervisorReport>; exited: Promise<string> } {
  const lines = createInterface({ input: stream });
  const next = (wanted: (report: SupervisorReport) => boolean): Promise<SupervisorReport> =>
    new Promise((resolve) => {
      lines.on('line', (line) => {
        const report = JSON.parse(line) as SupervisorReport;
        if (wanted(report)) resolve(report);
      });
      lines.on('close', () => {
        resolve({ exited: 'its supervisor is gone' });
      });
    });
  return {
    first: next(() => true),
    exited: next((report) => 'exited' in report).then((report) => ('exited' in report ? report.exited : '')),
  };
}

async function endProcess(running: RunningProcess, spec: ServerSpec): Promise<void> {
  if (!running.isAlive()) return;
  running.supervisor.stdin.end();
  // The supervisor escalates by itself; this is for a supervisor that was stopped or killed from outside.
  const overdue = new AbortController();
  const late = sleep(spec.stopWithinMs + 5_000, undefined, { signal: overdue.signal, ref: false }).then(
    () => {
      process.kill(-(running.supervisor.pid ?? 0), 'SIGKILL');
    },
    () => undefined,
  );
  await Promise.race([running.ended, late]);
  overdue.abort();
  await running.ended;
}

/** The last lines of a server's log with its path, for error texts. */
export function describeLog(logFile: string): string {
  if (!existsSync(logFile)) return `Its log is ${logFile} (not written).`;
  const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n  ');
  return `Its log is ${logFile}; the last lines:\n  ${tail}`;
}
