import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../src/commands/check.js';
import type { PipelineLag } from '../../src/commands/lag.js';
import type { FailedRun } from '../../src/commands/run.js';
import type { ListedRun } from '../../src/commands/runs.js';
import type { SetupLine } from '../../src/commands/setup.js';
import type { RunResult } from '../../src/contract.js';
import type { ScheduleChange } from '../../src/schedules/apply.js';
import type { Scenario } from '../support/scenario.js';

const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  process: ChildProcess;
  /** What it has said so far. */
  stderr: () => string;
  finished: Promise<Finished>;
}

export interface CallOptions {
  environment?: NodeJS.ProcessEnv;
  folder?: string;
}

/** The command as people run it: a process of its own, without a terminal. */
export function start(
  args: readonly string[],
  { environment = process.env, folder }: CallOptions = {},
): Running {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(folder !== undefined && { cwd: folder }),
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  const finish = async (): Promise<Finished> => {
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return { code: child.exitCode, stdout, stderr: said };
  };
  return { process: child, stderr: () => said, finished: finish() };
}

export function kafkaDrain(args: readonly string[], options: CallOptions = {}): Promise<Finished> {
  return start(args, options).finished;
}

/** What a command answers with `--json`; the data is the whole of stdout. */
export interface Answer<Data> {
  code: number | null;
  data: Data;
  stderr: string;
}

/** The command with the configuration and servers of a scenario. */
export function commandsOf({ configurationFile, environment }: Scenario) {
  const withConfig = (args: readonly string[]) => [...args, '--config', configurationFile];
  const call = (...args: string[]) => kafkaDrain(withConfig(args), { environment });
  const json = async (...args: string[]): Promise<Answer<unknown>> => {
    const { code, stdout, stderr } = await call(...args, '--json');
    return { code, data: JSON.parse(stdout) as unknown, stderr };
  };
  return {
    call,
    start: (...args: string[]) => start(withConfig(args), { environment }),
    check: () => json('check') as Promise<Answer<Finding[]>>,
    setup: () => json('setup') as Promise<Answer<SetupLine[]>>,
    plan: (...args: string[]) => json('plan', ...args) as Promise<Answer<ScheduleChange[]>>,
    apply: () => json('apply') as Promise<Answer<ScheduleChange[]>>,
    lag: () => json('lag') as Promise<Answer<PipelineLag[]>>,
    runs: (name: string) => json('runs', name) as Promise<Answer<ListedRun[]>>,
    waitForRun: (name: string) => json('run', name, '--wait') as Promise<Answer<RunResult>>,
    waitForFailure: (name: string) => json('run', name, '--wait') as Promise<Answer<FailedRun>>,
  };
}
