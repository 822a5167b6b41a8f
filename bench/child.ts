/** A measured program as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { describeLog } from '../stack/server.js';
import { waitUntil } from '../stack/wait.js';
import { nowMs, type Drained, type Opened, type Task } from './program.js';

export interface Command {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Standard output and error go here. */
  readonly logFile: string;
}

export interface Child {
  readonly pid: number;
  /** Waits for the end; rejects with the log's last lines unless the exit code is 0. */
  readonly succeeded: () => Promise<void>;
  /** Asks again and again until the answer is true; rejects when the process ends before. Returns milliseconds since its start. */
  readonly ready: (what: string, check: () => Promise<boolean>) => Promise<number>;
  /** SIGTERM unless told, and SIGKILL where that isn't enough. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

const READY_WITHIN_MS = 120_000;
const READY_PERIOD_MS = 20;
const STOP_WITHIN_MS = 15_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startChild(command: Command): Promise<Child> {
  const startedMs = performance.now();
  const log = openSync(command.logFile, 'a');
  const child = spawn(command.command, command.args, {
    cwd: command.folder,
    env: command.environment ?? process.env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  running.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return typeof code === 'number'
      ? `ended with exit code ${String(code)}`
      : `was ended by ${String(signal)}`;
  });
  ended.catch(() => undefined);
  await once(child, 'spawn');
  const failure = (how: string): Error =>
    new Error(`${command.name} ${how}. ${describeLog(command.logFile)}`);
  return {
    pid: child.pid ?? 0,
    succeeded: async () => {
      const how = await ended;
      if (how !== 'ended with exit code 0') throw failure(how);
    },
    ready: async (what, check) => {
      const limits = { timeoutMs: READY_WITHIN_MS, intervalMs: READY_PERIOD_MS };
      const answered = waitUntil(what, check, limits).catch((error: unknown) => {
        throw failure(`isn't ready: ${error instanceof Error ? error.message : String(error)}`);
      });
      const early = ended.then((how) => {
        throw failure(how);
      });
      early.catch(() => undefined);
      answered.catch(() => undefined);
      await Promise.race([answered, early]);
      return performance.now() - startedMs;
    },
    stop: async (signal = 'SIGTERM') => {
      if (!running.has(child)) return;
      child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A program that is started for each drain, reads to the ends that the task names, and ends by itself. */
export function selfEnding(command: BareCommand, task: Task): Opened {
  let child: Child | null = null;
  return {
    startUpMs: null,
    drain: async (started): Promise<Drained> => {
      const startedMs = nowMs();
      child = await startChild(commandFor(command, task));
      started(child.pid);
      await child.succeeded();
      return { startedMs, endedMs: nowMs() };
    },
    close: async () => child?.stop(),
  };
}

/** `environment` is added to this process's own. */
export type BareCommand = Pick<Command, 'name' | 'command' | 'args' | 'environment'>;

/** Runs in the task's folder, with the task in `BENCH_TASK` as JSON. */
export function commandFor(command: BareCommand, task: Task): Command {
  const { servers, topic, ends, group, database, collection } = task;
  const described = {
    kafka: servers.kafka,
    mongodb: servers.mongodb,
    topic,
    ends,
    group,
    database,
    collection,
  };
  return {
    ...command,
    folder: task.folder,
    environment: { ...process.env, ...command.environment, BENCH_TASK: JSON.stringify(described) },
    logFile: `${task.folder}/${command.name}.log`,
  };
}
