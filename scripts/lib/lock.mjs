import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';

// The whole length of a socket's name: shorter ones are padded differently by different versions of Node.
const NAME_LENGTH = 107;

/**
 * Takes a lock that ends with this process, however it ends: a Unix socket in Linux's abstract namespace, which leaves no file behind.
 * @param {string} purpose what is locked; the same text is the same lock
 * @returns {Promise<{ release: () => void } | { holder: string }>} the lock, or the process id of its holder
 */
export function acquireLock(purpose) {
  const name = `\0kafka-drain-${createHash('sha256').update(purpose).digest('hex')}`.padEnd(
    NAME_LENGTH + 1,
    '-',
  );
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.end(String(process.pid)));
    server.unref();
    server.once('error', async () => resolve({ holder: await askHolder(name) }));
    server.listen(name, () => resolve({ release: () => server.close() }));
  });
}

/** Takes a lock as soon as its holder lets go; `waiting` is told the holder's process id once. */
export async function waitForLock(purpose, waiting) {
  for (let first = true; ; first = false) {
    const lock = await acquireLock(purpose);
    if ('release' in lock) return lock;
    if (first) waiting(lock.holder);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function askHolder(name) {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(name);
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer || 'unknown'));
  });
}
