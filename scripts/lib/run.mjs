import { spawn } from 'node:child_process';

const TAIL_LINES = 12;

/**
 * Runs a program with its output hidden; on failure rejects with `text` and the last lines of that output.
 * @param {{ command: string, args: string[], cwd?: string, env?: NodeJS.ProcessEnv, failure: string }} task
 */
export function runQuietly({ command, args, cwd, env = process.env, failure }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => reject(new Error(`${failure} (${error.message})`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `${failure} (\`${command}\` ended with ${signal ?? `exit code ${code}`})\n${tail(output)}`,
          ),
        );
    });
  });
}

function tail(output) {
  const lines = output.trimEnd().split('\n').slice(-TAIL_LINES);
  return lines.map((line) => `  ${line}`).join('\n');
}
