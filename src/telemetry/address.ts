import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { DrainError } from '../errors.js';

export interface Address {
  host: string;
  port: number;
}

/** From `host:port`, IPv6 in brackets; the configuration has checked the form. */
export function parseAddress(text: string): Address {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

/** `CONFIG_INVALID` for an address of ours that can't be listened on. */
export function addressError(setting: string, address: string, error: unknown): DrainError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is already in use',
    EADDRNOTAVAIL: 'this machine has no such address',
    EACCES: 'the port needs more rights than this process has',
    ENOTFOUND: 'the host name is unknown',
  };
  const text = `${setting}: cannot listen on ${address}: ${reasons[code] ?? code}; change it, or set it to null to turn it off`;
  return new DrainError('CONFIG_INVALID', text, { cause: error });
}

/**
 * The address with a numeric host, after a successful attempt to listen on it. The native metrics exporter takes no host
 * names and ends the process when the port is taken, so both are found out before.
 */
export async function resolveFreeAddress(setting: string, text: string): Promise<string> {
  const { host, port } = parseAddress(text);
  try {
    const { address, family } = await lookup(host);
    await listenOnce(address, port);
    return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
  } catch (error) {
    throw addressError(setting, text, error);
  }
}

async function listenOnce(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
