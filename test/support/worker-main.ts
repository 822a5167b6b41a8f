import { loadConfiguration } from '../../src/config/load.js';
import { runWorker } from '../../src/worker.js';

// A real worker process for tests. Arguments: the configuration file, and the drain thread's entry where a test has its own.
const [configuration = 'drain.yaml', threadEntry] = process.argv.slice(2);

await runWorker({
  ...loadConfiguration(configuration, process.env),
  environment: process.env,
  ...(threadEntry !== undefined && { threadEntry: new URL(threadEntry) }),
});
