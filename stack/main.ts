import { join } from 'node:path';
import { freePorts } from './ports.js';
import { startRegistry, type RegistryOptions } from './registry.js';
import { untilStopped } from './signals.js';
import { portsFrom, startStack, type StackAddresses, type StackOptions } from './stack.js';

/** The options of `npm run stack`. */
export interface RunStackOptions {
  readonly folder: string;
  /** See {@link portsFrom}; free ports if undefined. */
  readonly portBase: number | undefined;
  /** Prints the addresses as one line of JSON. */
  readonly json: boolean;
  /** Whether a schema registry is started as well. */
  readonly registry: boolean;
}

/** Starts the servers, prints where they are and keeps them until Ctrl-C. */
export async function runStack(options: RunStackOptions): Promise<void> {
  const stopped = untilStopped();
  const stack = await startStack(stackOptions(options));
  try {
    const registry = options.registry ? await startRegistry(await registryOptions(options)) : null;
    const addresses = { ...stack.addresses, ...(registry === null ? {} : { registry: registry.url }) };
    console.log(options.json ? JSON.stringify(addresses) : addressText(addresses));
    await stopped;
    console.error('Stopping the servers …');
    await registry?.stop();
  } finally {
    await stack.stop();
  }
}

async function registryOptions({ folder, portBase }: RunStackOptions): Promise<RegistryOptions> {
  const [free = 0] = portBase === undefined ? await freePorts(1) : [portBase + 81];
  return { folder: join(folder, 'registry'), port: free };
}

function stackOptions({ folder, portBase }: RunStackOptions): StackOptions {
  if (portBase === undefined) return { folder };
  const portRemedy = `choose other ports: npm run stack -- --port-base ${portBase + 2000}`;
  return { folder, ports: portsFrom(portBase), portRemedy };
}

function addressText(addresses: StackAddresses & { registry?: string }): string {
  const registry = addresses.registry === undefined ? '' : `\nRegistry  ${addresses.registry}`;
  return `Kafka     ${addresses.kafka}
MongoDB   ${addresses.mongodb}
Temporal  ${addresses.temporal}
Web UI    ${addresses.ui}${registry}
Ctrl-C stops them.`;
}
