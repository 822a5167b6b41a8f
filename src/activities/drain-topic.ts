import { Context } from '@temporalio/activity';
import { needsRegistry } from '../config/registry-connection.js';
import type { PipelineSettings } from '../config/settings.js';
import type { DrainInput, DrainOutcome, DrainProgress, Packed, Plan } from '../contract.js';
import type { ThreadInput, ThreadMessage, TransformInput } from '../drain/thread-messages.js';
import { callsIn, sharedCalls } from '../drain/transform-calls.js';
import { asDrainError } from '../errors.js';
import { partitionName } from '../kafka/source.js';
import { packOutcome, unpackPlan } from '../packed.js';
import { attemptTimes } from './deadline.js';
import type { ActivityDeps } from './deps.js';
import { toFailure } from './failure.js';
import { plannedPipeline } from './pipeline.js';
import { runOf } from './run.js';
import { supervise } from './supervise.js';
import { suspectsIn, type TransformCalls } from './suspects.js';

/**
 * Builds the activity that drains a plan in a thread of its own.
 * Failures: every `DrainError` code as the failure's type, with the last progress as details.
 */
export function createDrainTopic(deps: ActivityDeps): (input: DrainInput) => Promise<Packed<DrainOutcome>> {
  return async (input) => {
    const context = Context.current();
    const plan = unpackPlan(input.plan);
    const last: { progress: DrainProgress[] } = { progress: [] };
    const onMessage = (message: ThreadMessage) => {
      if (message.kind === 'progress') last.progress = [message.progress];
      observe(deps, input.pipeline, message);
    };
    // Suspects are the supervisor's to know.
    const onHeartbeat = (progress: DrainProgress) => {
      if (progress.suspects !== undefined || last.progress.length > 0) last.progress = [progress];
    };
    try {
      const outcome = await superviseDrain(deps, context, { ...input, plan }, onMessage, onHeartbeat);
      deps.metrics.record(outcome, plan);
      return packOutcome(outcome, plan.members);
    } catch (error) {
      if (error === context.cancellationSignal.reason) {
        const { message: reason } = error as Error;
        deps.logger.warn('the server has ended this attempt; what was committed is kept', {
          pipeline: input.pipeline,
          attempt: context.info.attempt,
          reason,
        });
        throw error;
      }
      deps.metrics.failed(input.pipeline, asDrainError(error).code);
      throw toFailure(error, last.progress);
    }
  };
}

function observe({ logger, metrics, schemas }: ActivityDeps, pipeline: string, message: ThreadMessage): void {
  if (message.kind === 'batch-written') metrics.batchWritten(pipeline, message.durationMs);
  if (message.kind === 'counted') metrics.counted(pipeline, message.books);
  if (message.kind === 'schema') schemas.keep(message.ref, message.source);
  if (message.kind === 'log') logger[message.level](message.message, { pipeline });
}

function superviseDrain(
  deps: ActivityDeps,
  context: Context,
  input: DrainInput & { plan: Plan },
  onMessage: (message: ThreadMessage) => void,
  onHeartbeat: (progress: DrainProgress) => void,
): Promise<DrainOutcome> {
  const { currentAttemptScheduledTimestampMs, scheduledTimestampMs } = context.info;
  const pipeline = plannedPipeline(deps.settings, input);
  // The server's times, so that the clocks needn't agree; only how long it waited for a slot must be told by our own.
  const waitedMs = Math.max(0, deps.wallClock().getTime() - currentAttemptScheduledTimestampMs);
  const sinceScheduledMs = currentAttemptScheduledTimestampMs - scheduledTimestampMs + waitedMs;
  const times = attemptTimes(input.limits, sinceScheduledMs);
  const connections = deps.connections();
  const tokens = deps.tokens.of(connections.kafka);
  const transform = transformInput(pipeline, input.plan, context.info.heartbeatDetails);
  const thread: ThreadInput = {
    ...connections,
    token: tokens.kept,
    schemas: needsRegistry(pipeline) ? deps.schemas.all() : [],
    task: {
      ...{ pipeline, plan: input.plan, run: runOf(context) },
      ...{ budgetMs: times.budgetMs, stopByMs: times.stopByMs },
    },
    transform,
  };
  return supervise((listener) => deps.startThread(thread, listener), {
    times,
    stallTimeoutMs: input.limits.stallTimeoutMs,
    heartbeatIntervalMs: deps.settings.worker.heartbeatIntervalMs,
    clock: deps.clock,
    heartbeat: (progress) => {
      onHeartbeat(progress);
      context.heartbeat(progress);
    },
    cancelled: context.cancellationSignal,
    onMessage: (message) => {
      if (message.kind === 'token') tokens.changed(message.token);
      else onMessage(message);
    },
    ...(transform !== null && { transformCalls: callsOf(transform) }),
  });
}

function transformInput(
  { transform }: PipelineSettings,
  { partitions }: Plan,
  heartbeatDetails: unknown,
): TransformInput | null {
  if (transform === null) return null;
  return {
    settings: transform,
    calls: sharedCalls(partitions.length),
    partitions: partitions.map(partitionName),
    suspects: suspectsIn(heartbeatDetails),
  };
}

function callsOf({ calls, partitions, suspects }: TransformInput): TransformCalls {
  return { underWay: () => callsIn(calls, partitions), earlier: suspects };
}
