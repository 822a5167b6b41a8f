/** What the members of a run did, taken together. */
import { ApplicationFailure } from '@temporalio/workflow';
import {
  NO_RECORDS,
  type DrainOutcome,
  type DrainProgress,
  type MemberResult,
  type PartitionResult,
  type Plan,
  type PlannedPartition,
  type RecordCounts,
  type StopReason,
  type TopicOutcome,
} from '../contract.js';
import type { Share } from './shares.js';

/** How a member's drain ended. */
export type MemberEnd = MemberDone | MemberFailed;
type MemberDone = { share: Share; outcome: DrainOutcome };
/** `failure`: as a run's, see `runFailure`. */
type MemberFailed = { share: Share; failure: unknown };

export function isDone(end: MemberEnd): end is MemberDone {
  return 'outcome' in end;
}

/** Whatever kept a member from its end is the run's reason, what people asked for before all else. */
const PRECEDENCE: readonly StopReason[] = ['stopped', 'shutdown', 'budget', 'max-records', 'idle', 'drained'];

/** The outcome of a run all of whose members ended by themselves: sums, and the partitions in the plan's order. */
export function combined(plan: Plan, ends: readonly MemberDone[]): DrainOutcome {
  const outcomes = ends.map(({ outcome }) => outcome);
  const reasons = outcomes.map(({ stopReason }) => stopReason);
  return {
    stopReason: PRECEDENCE.find((reason) => reasons.includes(reason)) ?? 'drained',
    attempt: Math.max(...outcomes.map(({ attempt }) => attempt)),
    resumed: outcomes.some(({ resumed }) => resumed),
    lagAfter: sum(outcomes, ({ lagAfter }) => lagAfter),
    records: sumOfCounts(outcomes),
    bytes: sum(outcomes, ({ bytes }) => bytes),
    warnings: outcomes.flatMap(({ warnings }) => warnings),
    lost: outcomes.flatMap(({ lost }) => lost),
    topics: plan.topics.map(({ topic }) => sumOfTopic(outcomes, topic)),
    partitions: inOrder(plan, outcomes),
  };
}

function sum<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((total, item) => total + numberOf(item), 0);
}

function sumOfCounts(outcomes: readonly DrainOutcome[]): RecordCounts {
  const names = Object.keys(NO_RECORDS) as (keyof RecordCounts)[];
  const counts = { ...NO_RECORDS };
  for (const name of names) counts[name] = sum(outcomes, ({ records }) => records[name]);
  return counts;
}

function sumOfTopic(outcomes: readonly DrainOutcome[], topic: string): TopicOutcome {
  const own = outcomes.flatMap(({ topics }) => topics.filter((outcome) => outcome.topic === topic));
  return { topic, read: sum(own, ({ read }) => read), lagAfter: sum(own, ({ lagAfter }) => lagAfter) };
}

function inOrder({ partitions }: Plan, outcomes: readonly DrainOutcome[]): PartitionResult[] {
  const results = new Map(
    outcomes.flatMap((outcome) => outcome.partitions.map((result) => [nameOf(result), result] as const)),
  );
  return partitions.flatMap((planned) => results.get(nameOf(planned)) ?? []);
}

function nameOf({ topic, partition }: Pick<PlannedPartition, 'topic' | 'partition'>): string {
  return `${topic}-${String(partition)}`;
}

/** One line of the run's record. */
export function memberResult(end: MemberEnd): MemberResult {
  const { member, plan } = end.share;
  const partitions = plan.partitions.length;
  if (isDone(end)) {
    const { stopReason, attempt, records } = end.outcome;
    return { member, stopReason, attempt, partitions, read: records.read };
  }
  const { type, message, details } = applicationFailure(end.failure);
  const [progress] = (details ?? []) as Partial<DrainProgress>[];
  return { member, code: type ?? 'UNEXPECTED', partitions, read: progress?.read ?? 0, message };
}

function applicationFailure(failure: unknown): ApplicationFailure {
  if (failure instanceof ApplicationFailure) return failure;
  return ApplicationFailure.create({
    message: String(failure),
    ...(failure instanceof Error && { cause: failure }),
  });
}

/** What a run fails with where members failed for good: the first one's code and sentence, and how each of them ended. */
export function membersFailure(
  ends: readonly MemberEnd[],
  members: readonly MemberResult[],
): ApplicationFailure {
  const failed = members.filter((result) => 'code' in result);
  const done = members.filter((result) => 'stopReason' in result);
  const [first] = failed;
  const cause = ends.find((end) => !isDone(end));
  const message = [
    `member ${String(first?.member)} of ${String(members.length)}: ${first?.message ?? ''}`,
    ...failed.slice(1).map(({ member, code }) => `Member ${String(member)} failed, too: ${code}.`),
    ...done.map(
      ({ member, stopReason, read }) => `Member ${String(member)}: ${stopReason}, read ${String(read)}.`,
    ),
  ].join(' ');
  return ApplicationFailure.create({
    message,
    nonRetryable: true,
    details: [{ members }],
    ...(first !== undefined && { type: first.code }),
    ...(cause !== undefined && !isDone(cause) && cause.failure instanceof Error && { cause: cause.failure }),
  });
}
