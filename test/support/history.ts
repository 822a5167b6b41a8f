import { defaultPayloadConverter } from '@temporalio/common';
import type { DrainOutcome, Packed } from '../../src/contract.js';
import type { Run } from './scenario.js';

/** A drain activity as the run's history has it. */
export interface HistoricDrain {
  activityId: string;
  /** The worker that ended it. */
  worker: string;
  /** Of the attempt that ended it, nanoseconds since 1970. */
  startedNs: bigint;
  endedNs: bigint;
  /** `null`: it failed. */
  outcome: Packed<DrainOutcome> | null;
}

/** All that have ended, in the order in which they were scheduled. */
export async function drainsOf({ handle }: Run): Promise<HistoricDrain[]> {
  const { events } = await handle.fetchHistory();
  const all = events ?? [];
  return all
    .filter(({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === 'drainTopic')
    .flatMap((scheduled) => drainIn(all, scheduled) ?? []);
}

function drainIn(all: readonly Event[], scheduled: Event): HistoricDrain | null {
  const isOfIt = (of: { scheduledEventId?: Long | null } | null | undefined) =>
    of?.scheduledEventId?.toString() === scheduled.eventId?.toString();
  const start = all.find((event) => isOfIt(event.activityTaskStartedEventAttributes));
  const failure = all.find((event) => isOfIt(event.activityTaskFailedEventAttributes));
  const completion = all.find((event) => isOfIt(event.activityTaskCompletedEventAttributes));
  const end = completion ?? failure;
  if (start === undefined || end === undefined) return null;
  return {
    activityId: scheduled.activityTaskScheduledEventAttributes?.activityId ?? '',
    worker: start.activityTaskStartedEventAttributes?.identity ?? '',
    startedNs: nanosecondsOf(start),
    endedNs: nanosecondsOf(end),
    outcome: outcomeIn(completion),
  };
}

function outcomeIn(completion: Event | undefined): Packed<DrainOutcome> | null {
  const [payload] = completion?.activityTaskCompletedEventAttributes?.result?.payloads ?? [];
  return payload === undefined ? null : defaultPayloadConverter.fromPayload<Packed<DrainOutcome>>(payload);
}

function nanosecondsOf({ eventTime }: Event): bigint {
  return BigInt(eventTime?.seconds?.toString() ?? '0') * 1_000_000_000n + BigInt(eventTime?.nanos ?? 0);
}

type History = Awaited<ReturnType<Run['handle']['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];
type Long = NonNullable<Event['eventId']>;
