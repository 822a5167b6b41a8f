/** Why a command of this repository should stop in good order. */
export type StopCause = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'npm is gone';

const PARENT_CHECK_MS = 1_000;
// One Ctrl-C arrives twice: from the terminal, and passed on by npm.
const SAME_KEYPRESS_MS = 500;

/**
 * Resolves at the first Ctrl-C, SIGTERM or SIGHUP, or when the npm that started us is killed. A second Ctrl-C ends the process at once;
 * the servers end all the same, by their supervisors.
 */
export function untilStopped(): Promise<StopCause> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const stop = (cause: StopCause): void => {
      firstAt ??= performance.now();
      if (cause === 'SIGINT' && performance.now() - firstAt > SAME_KEYPRESS_MS) process.exit(130);
      resolve(cause);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        stop(signal);
      });
    }
    watchNpm(() => {
      stop('npm is gone');
    });
  });
}

// npm passes Ctrl-C and SIGTERM on, but nobody can pass on kill -9: then we get another parent.
function watchNpm(gone: () => void): void {
  const parent = process.ppid;
  if (!process.env.npm_lifecycle_event) return;
  setInterval(() => {
    if (process.ppid !== parent) gone();
  }, PARENT_CHECK_MS).unref();
}
