/** Something to close at the end, the last opened first. */
export interface Closing {
  readonly name: string;
  readonly close: () => Promise<void>;
}

/**
 * The steps of a start: each is named while it runs, the signal ends the one under way, and what they opened is closed in reverse
 * order. What a step under way had begun to open ends with this process: servers have supervisors.
 */
export interface Steps {
  readonly signal: AbortSignal;
  /** Runs a step; `text` is shown before, with the time it took after. */
  run: <T>(text: string, action: (detail: (text: string) => void) => Promise<T>) => Promise<T>;
  opened: (closing: Closing) => void;
  closeAll: () => Promise<void>;
}

/** Writes the steps to standard error; `signal` ends them. */
export function createSteps(signal: AbortSignal, stream: NodeJS.WriteStream = process.stderr): Steps {
  const closings: Closing[] = [];
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
  // Without a step under way nobody waits for it.
  aborted.catch(() => undefined);
  const rewrite = (text: string): void => {
    if (stream.isTTY) stream.write(`\r\u001b[K${text}`);
  };
  return {
    signal,
    run: async (text, action) => {
      signal.throwIfAborted();
      const started = performance.now();
      rewrite(`  ${text} …`);
      const report = (detail: string): void => {
        rewrite(`  ${text} ${detail} …`);
      };
      const value = await Promise.race([action(report), aborted]);
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      rewrite('');
      stream.write(`✔ ${text} (${seconds} s)\n`);
      return value;
    },
    opened: (closing) => {
      closings.push(closing);
    },
    closeAll: async () => {
      for (let closing = closings.pop(); closing; closing = closings.pop()) {
        rewrite(`  Stopping ${closing.name} …`);
        await closing.close().catch((error: unknown) => {
          stream.write(
            `${closing.name} did not stop: ${error instanceof Error ? error.message : String(error)}\n`,
          );
        });
      }
      rewrite('');
    },
  };
}
