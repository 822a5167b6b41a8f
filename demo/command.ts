import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryFolder } from '../stack/binaries.js';
import type { DemoFiles } from './files.js';

const run = promisify(execFile);

/** The compiled command line, for `node`. */
export const COMMAND = join(repositoryFolder, 'dist', 'src', 'cli.js');

/** Runs `kafka-drain` on the demo's servers; resolves with its standard output, rejects with what it said. */
export async function kafkaDrain(
  files: DemoFiles,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  try {
    const { stdout } = await run(process.execPath, [COMMAND, ...args, '--config', files.config], {
      env: files.environment,
      cwd: repositoryFolder,
      signal,
    });
    return stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    const said = [stderr, stdout].filter(Boolean).join('\n').trim();
    throw new Error(`\`kafka-drain ${args.join(' ')}\` failed:\n${said || String(error)}`, { cause: error });
  }
}
