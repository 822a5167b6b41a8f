import type { DrainOutcome, Plan } from '../contract.js';

/**
 * Plans and outcomes in histories from before a pipeline could have several topics don't name them. A run that is replayed
 * must come to the same commands all the same.
 */
export function withTopics(plan: Plan): Plan {
  if (namesTopics(plan)) return plan;
  const { topic } = plan;
  const partitions = plan.partitions.map((planned) => ({ ...planned, topic }));
  return { ...plan, topics: [{ topic, topicId: null }], partitions };
}

/** The same for what a drain returned. */
export function withOutcomes(outcome: DrainOutcome, { topic }: Plan): DrainOutcome {
  if (namesTopics(outcome)) return outcome;
  const { records, lagAfter } = outcome;
  return { ...outcome, topics: [{ topic, read: records.read, lagAfter }] };
}

function namesTopics(record: object): boolean {
  return 'topics' in record;
}
