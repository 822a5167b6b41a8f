import {
  MAX_LISTED_PARTITIONS,
  type DrainOutcome,
  type Packed,
  type PartitionResult,
  type Plan,
  type PlannedPartition,
} from './contract.js';

/** What is committed in a partition where its entry doesn't say. */
type Usual = 'start' | 'end';

/** Before any reading that is where it starts. */
const PLANNED: Usual = 'start';
/** A drained partition's end. */
const DRAINED: Usual = 'end';

/**
 * What goes through Temporal, see `Packed`.
 * @param members whose partitions are in the history all together.
 */
export function packPlan(plan: Plan, members = 1): Packed<Plan> {
  return { ...plan, partitions: pack(plan.partitions, PLANNED, members) };
}

export function unpackPlan(plan: Packed<Plan>): Plan {
  return { ...plan, partitions: unpack(plan.partitions, PLANNED) };
}

export function packOutcome(outcome: DrainOutcome, members = 1): Packed<DrainOutcome> {
  return { ...outcome, partitions: pack(outcome.partitions, DRAINED, members) };
}

export function unpackOutcome(outcome: Packed<DrainOutcome>): DrainOutcome {
  const partitions = unpack<PlannedPartition & { read?: number }>(outcome.partitions, DRAINED);
  return {
    ...outcome,
    partitions: partitions.map((partition) => ({ ...partition, read: partition.read ?? 0 })),
  };
}

type Entry = PlannedPartition & Partial<Pick<PartitionResult, 'read'>>;

/** `orders: 40-100, 12, 0-5 committed none`: per topic the entries of its partitions from 0 on, empty for those that aren't there. */
function pack<Partition extends Entry>(
  partitions: Partition[],
  usual: Usual,
  members: number,
): Partition[] | string[] {
  if (partitions.length * members <= MAX_LISTED_PARTITIONS) return partitions;
  const topics = new Map<string, string[]>();
  for (const partition of partitions) {
    const entries = topics.get(partition.topic) ?? [];
    while (entries.length < partition.partition) entries.push('');
    entries[partition.partition] = toText(partition, usual);
    topics.set(partition.topic, entries);
  }
  return [...topics].map(([topic, entries]) => `${topic}: ${entries.join(', ')}`);
}

function toText({ start, end, committed, read = 0, added }: Entry, usual: Usual): string {
  const range = start === end ? start : `${start}-${end}`;
  const isUsual = committed === (usual === 'start' ? start : end);
  return [
    range,
    ...(isUsual ? [] : [`committed ${committed ?? 'none'}`]),
    ...(read > 0 ? [`read ${String(read)}`] : []),
    ...(added === true ? ['new'] : []),
  ].join(' ');
}

function unpack<Partition extends Entry>(
  partitions: Partition[] | string[],
  usual: Usual,
): (Partition | Entry)[] {
  return partitions.flatMap((line) => (typeof line === 'string' ? fromLine(line, usual) : [line]));
}

function fromLine(line: string, usual: Usual): Entry[] {
  const [topic = '', entries = ''] = line.split(': ');
  return entries.split(', ').flatMap((text, partition) => {
    return text === '' ? [] : [{ topic, partition, ...fromText(text, usual) }];
  });
}

const ENTRY =
  /^(?<start>\d+)(?:-(?<end>\d+))?(?: committed (?<committed>none|-?\d+))?(?: read (?<read>\d+))?(?<added> new)?$/;

function fromText(text: string, usual: Usual): Omit<Entry, 'topic' | 'partition'> {
  const { start, end = start, committed, read, added } = ENTRY.exec(text)?.groups ?? {};
  if (start === undefined || end === undefined) throw new Error(`no entry of a partition: ${text}`);
  return {
    ...{ start, end, committed: committedIn(committed, usual === 'start' ? start : end) },
    ...(read !== undefined && { read: Number(read) }),
    ...(added !== undefined && { added: true }),
  };
}

function committedIn(text: string | undefined, usual: string): string | null {
  return text === 'none' ? null : (text ?? usual);
}
