import { withPresentTransform } from '../config/transform.js';
import type { PipelineSettings, Settings } from '../config/settings.js';
import type { DrainInput } from '../contract.js';
import { DrainError } from '../errors.js';

/**
 * With its transform as it is by now. Errors: `PIPELINE_UNKNOWN`, retryable, since another worker of the task queue may know
 * it; `CONFIG_INVALID` where the transform is gone.
 */
export function findPipeline({ pipelines, mongodb }: Settings, name: string): PipelineSettings {
  const pipeline = pipelines.get(name);
  if (pipeline !== undefined) return withPresentTransform(pipeline, mongodb.database);
  throw new DrainError(
    'PIPELINE_UNKNOWN',
    `pipeline "${name}" is not in this worker's configuration, which has: ${[...pipelines.keys()].join(', ') || 'none'}.`,
  );
}

/**
 * The worker's rules with the run's limits: the schedule's input says how long, the configuration says what.
 * Errors: `PIPELINE_UNKNOWN`, and `CONFIG_MISMATCH` where the run was planned by other rules.
 */
export function plannedPipeline(
  settings: Settings,
  { pipeline: name, plan, limits }: DrainInput,
): PipelineSettings {
  const pipeline = findPipeline(settings, name);
  if (pipeline.fingerprint === plan.fingerprint) return { ...pipeline, limits };
  const edited =
    pipeline.transform === null
      ? ''
      : ' and the same transform; where it was edited since the run was planned, the next run takes the new one';
  throw new DrainError(
    'CONFIG_MISMATCH',
    `this worker's configuration of pipeline "${name}" (${pipeline.fingerprint}) differs from the one the run was planned with ` +
      `(${plan.fingerprint}): give all workers of the task queue the same configuration${edited}.`,
  );
}
