import { threadId } from 'node:worker_threads';
import { runDrainThread, supervisor } from '../../src/drain/thread.js';

// The real drain thread, which says in each run which one it is; those of one pipeline leave a timer behind.

await runDrainThread((deps, task) => {
  supervisor().post({ kind: 'log', level: 'warn', message: String(threadId) });
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
