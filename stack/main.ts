import { untilStopped } from './signals.js';
import { portsFrom, startStack, type StackAddresses, type StackOptions } from './stack.js';

/** The options of `npm run stack`. */
export interface RunStackOptions {
  readonly folder: string;
  /** See {@link portsFrom}; free ports if undefined. */
  readonly portBase: number | undefined;
  /** Prints the addresses as one line of JSON. */
  readonly json: boolean;
}

/** Starts the servers, prints where they are and keeps them until Ctrl-C. */
export async function runStack(options: RunStackOptions): Promise<void> {
  const stopped = untilStopped();
  const stack = await startStack(stackOptions(options));
  console.log(options.json ? JSON.stringify(stack.addresses) : addressText(stack.addresses));
  await stopped;
  console.error('Stopping Temporal, MongoDB and Kafka …');
  await stack.stop();
}

function stackOptions({ folder, portBase }: RunStackOptions): StackOptions {
  if (portBase === undefined) return { folder };
  const portRemedy = `choose other ports: npm run stack -- --port-base ${portBase + 2000}`;
  return { folder, ports: portsFrom(portBase), portRemedy };
}

function addressText(addresses: StackAddresses): string {
  return `Kafka     ${addresses.kafka}
MongoDB   ${addresses.mongodb}
Temporal  ${addresses.temporal}
Web UI    ${addresses.ui}
Ctrl-C stops them.`;
}
