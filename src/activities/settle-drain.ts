import { Context } from '@temporalio/activity';
import type { DrainInput, DrainOutcome, Packed } from '../contract.js';
import { settle } from '../drain/outcome.js';
import { asDrainError } from '../errors.js';
import type { Source } from '../kafka/source.js';
import { packOutcome, unpackPlan } from '../packed.js';
import type { ActivityDeps } from './deps.js';
import { toFailure } from './failure.js';
import { plannedPipeline } from './pipeline.js';
import { runOf } from './run.js';

/**
 * Builds the activity that says what a run did which was stopped between two attempts of its drain: the books are in the
 * commits. Asks Kafka by the admin client alone.
 */
export function createSettleDrain(deps: ActivityDeps): (input: DrainInput) => Promise<Packed<DrainOutcome>> {
  return async (input) => {
    let source: Source | null = null;
    try {
      const pipeline = plannedPipeline(deps.settings, input);
      source = deps.openSource(pipeline, deps.connections().kafka);
      const plan = unpackPlan(input.plan);
      const outcome = await settle(source, { pipeline, plan, run: runOf(Context.current()) });
      deps.metrics.record(outcome, plan);
      return packOutcome(outcome, plan.members);
    } catch (error) {
      deps.metrics.failed(input.pipeline, asDrainError(error).code);
      throw toFailure(error);
    } finally {
      await source?.close();
    }
  };
}
