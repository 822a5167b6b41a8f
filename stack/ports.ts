import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/** One port that a server of the stack listens on. */
export interface ServerPort {
  readonly port: number;
  /** Who needs it, for the error text: `Kafka`, `the Temporal Web UI`. */
  readonly purpose: string;
}

// Below Linux's range for outgoing connections (32768 and up), so that no client takes a port between the check and the server's start.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_000;

/** Finds ports on 127.0.0.1 that nothing listens on right now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (!found.has(port) && (await isPortFree(port))) found.add(port);
  }
  return [...found];
}

/** True when 127.0.0.1:port can be listened on. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}

/** Rejects with one sentence that names every port in use, its server and the way out. */
export async function assertPortsFree(ports: readonly ServerPort[], remedy: string): Promise<void> {
  const taken: ServerPort[] = [];
  for (const wanted of ports) if (!(await isPortFree(wanted.port))) taken.push(wanted);
  if (taken.length > 0) throw new Error(portsInUse(taken, remedy));
}

/** The sentence for ports that something else holds. */
export function portsInUse(taken: readonly ServerPort[], remedy: string): string {
  const list = taken.map(({ port, purpose }) => `${port} (for ${purpose})`).join(', ');
  const [noun, verb] = taken.length === 1 ? ['Port', 'is'] : ['Ports', 'are'];
  return `${noun} ${list} on 127.0.0.1 ${verb} already in use: stop what listens there, or ${remedy}.`;
}
