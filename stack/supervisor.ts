/**
 * Runs one server and ends it when its own standard input ends, which the kernel sees to even after kill -9 of the parent.
 * Started by `server.ts` with one argument, a {@link SupervisorTask} as JSON; writes {@link SupervisorReport} lines to standard output.
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import type { SupervisorReport, SupervisorTask } from './server.js';

const task = JSON.parse(process.argv[2] ?? '{}') as SupervisorTask;
const log = openSync(task.logFile, 'a');
const server = spawn(task.command, task.args, { cwd: task.folder, stdio: ['ignore', log, log] });

function report(line: SupervisorReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

let ending = false;
function endServer(): void {
  if (ending) return;
  ending = true;
  server.kill('SIGTERM');
  setTimeout(() => {
    server.kill('SIGKILL');
  }, task.stopWithinMs);
}

// A dead parent can't read: what is written to it then must not end this process before the server.
process.stdout.on('error', () => undefined);
process.stdin.on('end', endServer).on('error', endServer).resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, endServer);

server.once('spawn', () => {
  report({ pid: server.pid ?? 0 });
});
server.once('error', (error) => {
  report({ exited: error.message });
  process.exit(1);
});
server.once('exit', (code, signal) => {
  report({ exited: signal ?? `exit code ${code}` });
  process.exit(0);
});
