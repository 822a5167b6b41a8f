import type { Connections, KafkaSettings, PipelineSettings, Settings } from '../config/settings.js';
import type { KeptTokens } from '../kafka/kept-tokens.js';
import type { Source } from '../kafka/source.js';
import type { KeptSchemas } from '../registry/kept.js';
import type { Logger } from '../telemetry/logger.js';
import type { RunMetrics } from '../telemetry/metrics.js';
import type { StartThread } from './drain-thread.js';

/** What the activities need from outside; `worker.ts` has the real ones. */
export interface ActivityDeps {
  settings: Settings;
  /** Read anew each time, for each run: certificates and passwords are rotated. Error: `CONFIG_INVALID`. */
  connections: () => Connections;
  openSource: (pipeline: PipelineSettings, kafka: KafkaSettings) => Source;
  startThread: StartThread;
  /** Schemas outlive the drain threads that fetch them. */
  schemas: KeptSchemas;
  /** So do access tokens. */
  tokens: KeptTokens;
  metrics: RunMetrics;
  logger: Logger;
  /** Monotonic, milliseconds. */
  clock: () => number;
  wallClock: () => Date;
}
