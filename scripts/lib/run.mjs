import { spawn } from 'node:child_process';

// Tools name the cause first (npm) or last (Maven, pip).
const HEAD_LINES = 6;
const TAIL_LINES = 12;
const MOST_CHARACTERS = 1_000_000;

/**
 * Runs a program with its output hidden; on failure rejects with `text` and an excerpt of that output.
 * @param {{ command: string, args: string[], cwd?: string, env?: NodeJS.ProcessEnv, failure: string }} task
 */
export function runQuietly({ command, args, cwd, env = process.env, failure }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      if (output.length < MOST_CHARACTERS) output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => reject(new Error(`${failure} (${error.message})`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `${failure} (\`${command}\` ended with ${signal ?? `exit code ${code}`})\n${excerpt(output)}`,
          ),
        );
    });
  });
}

function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  const shown =
    lines.length > HEAD_LINES + TAIL_LINES
      ? [...lines.slice(0, HEAD_LINES), '…', ...lines.slice(-TAIL_LINES)]
      : lines;
  return shown.map((line) => `  ${line}`).join('\n');
}
