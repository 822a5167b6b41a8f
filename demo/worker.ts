import { join } from 'node:path';
import { startServer, type Server } from '../stack/server.js';
import { COMMAND } from './command.js';
import type { DemoFiles } from './files.js';

/** Starts `kafka-drain worker` on the demo's servers; ready when its health endpoint says so. */
export function startWorker(files: DemoFiles, folder: string, healthPort: number): Promise<Server> {
  return startServer({
    name: 'The worker',
    command: process.execPath,
    args: [COMMAND, 'worker', '--config', files.config],
    environment: files.environment,
    folder,
    logFile: join(folder, 'worker.log'),
    // Above the worker's own limit for ending its drains.
    stopWithinMs: 35_000,
    readyWithinMs: 60_000,
    ready: async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok,
  });
}
