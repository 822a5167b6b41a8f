import type { ActivityDeps } from './deps.js';
import { createDrainTopic } from './drain-topic.js';
import { createPlanDrain } from './plan-drain.js';
import { createSettleDrain } from './settle-drain.js';
import { triggerCatchUp } from './trigger-catch-up.js';

/** The activities as the workflow calls them; workflow code imports this type only. */
export type Activities = ReturnType<typeof createActivities>;

export function createActivities(deps: ActivityDeps) {
  return {
    planDrain: createPlanDrain(deps),
    drainTopic: createDrainTopic(deps),
    settleDrain: createSettleDrain(deps),
    triggerCatchUp,
  };
}
