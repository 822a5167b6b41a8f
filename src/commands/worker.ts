/** `kafka-drain worker`: runs the worker until it is told to stop. */
import { configurationOf, type Context, type ExitCode } from './context.js';

/** Exit code 0 after SIGTERM, SIGINT and the like; the worker stops its drains politely by itself. */
export async function worker(context: Context): Promise<ExitCode> {
  const configuration = configurationOf(context);
  // loaded only now, so that a mistake in the configuration shows before the SDK's native part is up
  const { runWorker } = await import('../worker.js');
  await runWorker({ ...configuration, environment: context.environment });
  return 0;
}
