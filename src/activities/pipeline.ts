import type { PipelineSettings, Settings } from '../config/settings.js';
import { DrainError } from '../errors.js';

/** Error: `PIPELINE_UNKNOWN`, retryable, since another worker of the task queue may know it. */
export function findPipeline({ pipelines }: Settings, name: string): PipelineSettings {
  const pipeline = pipelines.get(name);
  if (pipeline !== undefined) return pipeline;
  throw new DrainError(
    'PIPELINE_UNKNOWN',
    `pipeline "${name}" is not in this worker's configuration, which has: ${[...pipelines.keys()].join(', ') || 'none'}.`,
  );
}
