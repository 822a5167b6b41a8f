import { parentPort, threadId } from 'node:worker_threads';
import { runDrainThread } from '../../src/drain/thread.js';

// The real drain thread, which says in each run which one it is; those of one pipeline leave a timer behind.

await runDrainThread((deps, task) => {
  parentPort?.postMessage({ kind: 'log', level: 'warn', message: String(threadId) });
  return {
    ...deps,
    sink: {
      ...deps.sink,
      check: async () => {
        await deps.sink.check();
        if (task.pipeline.name === 'leaves-a-timer') setInterval(() => undefined, 1_000);
      },
    },
  };
});
