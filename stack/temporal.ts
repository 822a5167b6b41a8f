import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { Binaries } from './binaries.js';
import { startServer, type Server } from './server.js';

/** How to start the Temporal dev server with its Web UI. */
export interface TemporalOptions {
  readonly binaries: Binaries;
  /** Database file and log; kept between starts. */
  readonly folder: string;
  readonly port: number;
  readonly uiPort: number;
  /** Further arguments of `temporal server start-dev`. */
  readonly args?: readonly string[];
}

/** A running dev server. */
export interface TemporalServer extends Server {
  /** gRPC address, `127.0.0.1:port`. */
  readonly address: string;
  /** Where a browser finds the Web UI, without a slash at the end. */
  readonly ui: string;
}

/** Starts the dev server and waits until its default namespace and its Web UI answer. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { binaries, folder, port, uiPort } = options;
  const address = `127.0.0.1:${port}`;
  const ui = `http://127.0.0.1:${uiPort}`;
  mkdirSync(folder, { recursive: true });
  const server = await startServer({
    name: 'Temporal',
    command: binaries.temporal,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', join(folder, 'temporal.db'), '--log-level', 'error', ...(options.args ?? [])],
    ],
    folder,
    logFile: join(folder, 'temporal.log'),
    stopWithinMs: 15_000,
    readyWithinMs: 60_000,
    ready: async () => (await namespaceAnswers(address)) && (await fetch(ui)).ok,
  });
  return { ...server, address, ui };
}

async function namespaceAnswers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: '1s' });
  try {
    await connection.withDeadline(Date.now() + 1_000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } finally {
    await connection.close();
  }
}
