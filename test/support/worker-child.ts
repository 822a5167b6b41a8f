import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOGS_VARIABLE } from '../../stack/test-runner.js';
import { until } from './until.js';

/** A worker in a process of its own. */
export interface WorkerChild {
  process: ChildProcess;
  log: () => string;
  kill: (signal: NodeJS.Signals) => Promise<void>;
}

const WORKER_MAIN = fileURLToPath(new URL('./worker-main.js', import.meta.url));

/** Starts one, and waits until it takes work. `threadEntry`: a drain thread of the test's own. */
export async function startWorker(
  file: string,
  environment: NodeJS.ProcessEnv,
  threadEntry?: string,
): Promise<WorkerChild> {
  const args = [WORKER_MAIN, file, ...(threadEntry === undefined ? [] : [threadEntry])];
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
    keep(child.pid, text);
  });
  await until('the worker to start', () => {
    if (child.exitCode !== null) throw new Error(`the worker ended: ${log}`);
    return Promise.resolve(log.includes('worker started') || null);
  });
  return {
    process: child,
    log: () => log,
    kill: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}

/** Beside the servers' logs, which stay where a test has failed: what the worker was doing is the first question then. */
function keep(pid: number | undefined, text: string): void {
  const folder = process.env[LOGS_VARIABLE];
  if (folder !== undefined) appendFileSync(join(folder, `worker-${String(pid)}.log`), text);
}
