/** Something to close at the end, the last opened first. */
export interface Closing {
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** The steps of a start: each is named while it runs, none begins after the signal, and what they open is closed in reverse order. */
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
  const rewrite = (text: string): void => {
    if (stream.isTTY) stream.write(`\r\u001b[K${text}`);
  };
  return {
    signal,
    run: async (text, action) => {
      signal.throwIfAborted();
      const started = performance.now();
      rewrite(`  ${text} …`);
      const value = await action((detail) => {
        rewrite(`  ${text} ${detail} …`);
      });
      signal.throwIfAborted();
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
