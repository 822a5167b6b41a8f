import type { PipelineSettings, Settings } from '../config/settings.js';
import type { Packed, Plan, PlanInput } from '../contract.js';
import { makePlan } from '../drain/planning.js';
import { writingPlace } from '../drain/topic-collections.js';
import { asDrainError } from '../errors.js';
import type { Source } from '../kafka/source.js';
import { packPlan } from '../packed.js';
import { within } from '../time-limit.js';
import type { ActivityDeps } from './deps.js';
import { toFailure } from './failure.js';
import { findPipeline } from './pipeline.js';

/** Builds the activity that fixes what a run will read; asks Kafka by the admin client alone. */
export function createPlanDrain(deps: ActivityDeps): (input: PlanInput) => Promise<Packed<Plan>> {
  return async (input) => {
    let source: Source | null = null;
    try {
      const pipeline = findPipeline(deps.settings, input.pipeline);
      source = deps.openSource(pipeline, deps.connections().kafka);
      const plan = await planTwice(deps, pipeline, input, source);
      deps.metrics.planned(plan);
      return packPlan(plan);
    } catch (error) {
      deps.metrics.failed(input.pipeline, asDrainError(error).code);
      throw toFailure(error);
    } finally {
      await source?.close();
    }
  };
}

/** A check that fails is repeated once with fresh numbers: another run may have committed between two of the questions. */
async function planTwice(
  deps: ActivityDeps,
  pipeline: PipelineSettings,
  input: PlanInput,
  source: Source,
): Promise<Plan> {
  try {
    return await planOnce(deps, pipeline, input, source);
  } catch (error) {
    if (asDrainError(error).retryable) throw error;
    return await planOnce(deps, pipeline, input, source);
  }
}

/** Within this a healthy cluster has answered many times over; the activity's own limit would say nothing about Kafka. */
const ANSWER_LIMIT_MS = 8_000;

function answered<T>(question: Promise<T>, { kafka }: Settings): Promise<T> {
  const limit = { limitMs: ANSWER_LIMIT_MS };
  return within(question, `Kafka at ${kafka.brokers.join(', ')}`, 'KAFKA_UNAVAILABLE', limit);
}

async function planOnce(
  { settings, wallClock }: ActivityDeps,
  pipeline: PipelineSettings,
  { previous }: PlanInput,
  source: Source,
): Promise<Plan> {
  const state = await answered(source.inspect(), settings);
  const { start } = pipeline;
  const offsetsAtStart =
    typeof start === 'object' ? await answered(source.offsetsAt(start.timestampMs), settings) : new Map();
  const { searchAttributes } = settings.worker;
  return makePlan({
    ...writingPlace(settings, pipeline),
    searchAttributes,
    state,
    previous,
    now: wallClock(),
    offsetsAtStart,
  });
}
