const PLAIN_INTERVAL_MS = 5_000;

/**
 * Shows what takes time on standard error: on a terminal one line that is rewritten, elsewhere a line every five seconds.
 * `set` names a task's state, `done` ends it; several tasks share the line.
 */
export function createProgress(stream = process.stderr) {
  const tasks = new Map();
  let lastPlain = 0;
  function draw() {
    const text = [...tasks].map(([task, state]) => `${task} ${state}`.trim()).join(' · ');
    if (stream.isTTY) stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    else if (text && Date.now() - lastPlain >= PLAIN_INTERVAL_MS) {
      lastPlain = Date.now();
      stream.write(`${text}\n`);
    }
  }
  return {
    set(task, state) {
      tasks.set(task, state);
      draw();
    },
    /** Ends a task; with a text, leaves that text on a line of its own. */
    done(task, text) {
      tasks.delete(task);
      if (stream.isTTY) stream.write('\r\u001b[K');
      if (text) stream.write(`${text}\n`);
      draw();
    },
  };
}

/** `12.3 of 42 MB`: never more than the whole, since what is counted may include temporary copies. */
export function megabytes(bytes, total) {
  return `${Math.min(bytes / 1_000_000, total).toFixed(1)} of ${total} MB`;
}
