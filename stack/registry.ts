import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBinaries, findRegistry } from './binaries.js';
import { startServer, type Server } from './server.js';

/** How to start a schema registry that forgets everything when it ends. */
export interface RegistryOptions {
  /** For its log. */
  readonly folder: string;
  readonly port: number;
}

/** A running registry. */
export interface RegistryServer extends Server {
  /** Where it speaks the API of Confluent's registry, without a slash at the end. */
  readonly url: string;
}

const RUNNER = 'apicurio-registry-app-2.6.13.Final-runner.jar';

/** Starts Apicurio Registry, and waits until it answers as Confluent's does. */
export async function startRegistry({ folder, port }: RegistryOptions): Promise<RegistryServer> {
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  mkdirSync(folder, { recursive: true });
  const server = await startServer({
    name: 'Apicurio Registry',
    command: findBinaries().java,
    args: [
      ...['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dquarkus.http.host=127.0.0.1'],
      ...[`-Dquarkus.http.port=${port}`, '-Dquarkus.log.level=WARN', '-jar', join(findRegistry(), RUNNER)],
    ],
    folder,
    logFile: join(folder, 'registry.log'),
    stopWithinMs: 10_000,
    readyWithinMs: 60_000,
    ready: async () => (await fetch(`${url}/schemas/types`)).ok,
  });
  return { ...server, url };
}
