/** The Temporal Runtime of this process: its logs go to our logger, its metrics to Prometheus. Installed once, before any Worker. */
import { Runtime, type RuntimeOptions } from '@temporalio/worker';
import { resolveFreeAddress } from './address.js';
import type { Logger } from './logger.js';
import { BATCH_WRITE_SECONDS, METRICS } from './metrics.js';

export interface RuntimeSettings {
  logger: Logger;
  /** `host:port` of `/metrics`; `null`: off. */
  metricsAddress: string | null;
  /** Signals on which the SDK itself shuts workers down; none where the worker has its own way. Default: the SDK's. */
  shutdownSignals?: NodeJS.Signals[];
}

/** Throws `CONFIG_INVALID` where the metrics address can't be listened on. */
export async function installRuntime({
  logger,
  metricsAddress,
  shutdownSignals,
}: RuntimeSettings): Promise<Runtime> {
  const bindAddress =
    metricsAddress === null ? null : await resolveFreeAddress('worker.metrics', metricsAddress);
  return Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(bindAddress !== null && { metrics: { prometheus: prometheus(bindAddress) } }),
    },
    ...(shutdownSignals !== undefined && { shutdownSignals }),
  });
}

type Metrics = NonNullable<NonNullable<RuntimeOptions['telemetryOptions']>['metrics']>;
type Prometheus = Extract<Metrics, { prometheus: unknown }>['prometheus'];

function prometheus(bindAddress: string): Prometheus {
  return {
    bindAddress,
    // Prometheus' own conventions for names
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
    histogramBucketOverrides: { [METRICS.batchWriteSeconds]: BATCH_WRITE_SECONDS },
  };
}
