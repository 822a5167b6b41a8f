import { runDrainThread } from '../../src/drain/thread.js';

// The real drain thread, on a machine whose wall clock is put forward while it runs.

const HOUR_MS = 3_600_000;

await runDrainThread((deps) => ({
  ...deps,
  sink: {
    ...deps.sink,
    check: async () => {
      await deps.sink.check();
      const { now } = Date;
      Date.now = () => now() + HOUR_MS;
    },
  },
}));
