/** What is measured: topics as pure functions of their size, the same in every round and on every machine. */

export type WorkloadName = 'new' | 'update' | 'hot' | 'replay' | 'small' | 'empty';

export interface Workload {
  readonly name: WorkloadName;
  /** For the table and the JSON. */
  readonly title: string;
  /** Bytes of a record's value. */
  readonly bytes: number;
  /** How many records, of those asked for. */
  readonly count: (records: number) => number;
  /** The document id of the record at this place of the topic. */
  readonly idAt: (index: number, records: number) => number;
  /** Too few records for a rate: of interest are the times alone. */
  readonly isShort?: boolean;
  /** Everything has been drained by the same program before. */
  readonly drainedBefore?: boolean;
  /** Of interest for what comes and goes on a schedule only; the others have no such thing. */
  readonly onlyKafkaDrain?: boolean;
}

/** A record as it is produced; its key is the document id. */
export interface BenchRecord {
  readonly key: string;
  readonly value: string;
}

const UPDATES_PER_ID = 5;
/** Within so many records an id appears and gets its updates, as orders do. */
const WINDOW = 5_000;
const HOT_SHARE = 0.01;
const RECORDS_PER_HOT_WORKLOAD_ID = 10;
const FEW = 100;
const SMALL_BYTES = 300;

const all = (records: number): number => records;
const few = (records: number): number => Math.min(records, FEW);
const distinct = (index: number): number => index;

export const WORKLOADS: readonly Workload[] = [
  { name: 'new', title: 'distinct ids', bytes: 1_000, count: all, idAt: distinct },
  {
    name: 'update',
    title: `${String(UPDATES_PER_ID)} records of each id within ${String(WINDOW)} records`,
    bytes: SMALL_BYTES,
    count: all,
    idAt: updatedId,
  },
  {
    name: 'hot',
    title: '1 % of the ids get half of the records; records / 10 ids',
    bytes: SMALL_BYTES,
    count: all,
    idAt: hotId,
  },
  {
    name: 'replay',
    title: 'distinct ids, all stored before by the same program',
    bytes: SMALL_BYTES,
    count: all,
    idAt: distinct,
    drainedBefore: true,
  },
  {
    name: 'small',
    title: `${String(FEW)} records`,
    bytes: SMALL_BYTES,
    count: few,
    idAt: distinct,
    isShort: true,
  },
  {
    name: 'empty',
    title: 'nothing to do: everything is committed',
    bytes: SMALL_BYTES,
    count: few,
    idAt: distinct,
    isShort: true,
    drainedBefore: true,
    onlyKafkaDrain: true,
  },
];

function updatedId(index: number): number {
  const ids = WINDOW / UPDATES_PER_ID;
  return Math.floor(index / WINDOW) * ids + (index % ids);
}

function hotId(index: number, records: number): number {
  const ids = Math.max(2, Math.floor(records / RECORDS_PER_HOT_WORKLOAD_ID));
  const hot = Math.max(1, Math.floor(ids * HOT_SHARE));
  return index % 2 === 0 ? scatter(index) % hot : hot + (scatter(index) % (ids - hot));
}

/** The name of the topic of so many records; programs that take fewer share it where the workload has no more than those. */
export function topicOf({ name, count }: Workload, records: number): string {
  return `bench-${name}-${String(count(records))}`;
}

/** The topic's records in the order in which they are produced. `bytes`: of a value, if not the workload's own. */
export function* recordsOf(
  workload: Workload,
  records: number,
  bytes = workload.bytes,
): Generator<BenchRecord> {
  const count = workload.count(records);
  const filler = fillerOf(bytes);
  for (let index = 0; index < count; index += 1) {
    const id = workload.idAt(index, count);
    yield { key: `o-${String(id)}`, value: valueOf(id, index, bytes, filler) };
  }
}

function valueOf(id: number, index: number, bytes: number, filler: string): string {
  const order = {
    order: id,
    version: index,
    customer: `c-${String(scatter(id) % 10_000)}`,
    amount: (scatter(index) % 100_000) / 4,
    lines: [{ sku: `s-${String(scatter(index + 1) % 5_000)}`, quantity: 1 + (index % 9) }],
    paid: index % 3 === 0,
  };
  const open = JSON.stringify(order).slice(0, -1);
  const room = Math.max(0, bytes - open.length - ',"note":""}'.length);
  const from = index % FILLER_SHIFTS;
  return `${open},"note":"${filler.slice(from, from + room)}"}`;
}

const FILLER_SHIFTS = 97;
const FILLER_PERIOD = 65_536;

/** Text that compresses about as text does; the same everywhere. */
function fillerOf(bytes: number): string {
  const words = 'order paid sent kept late blue stone river north wall seven light paper green'.split(' ');
  const parts: string[] = [];
  for (let length = 0, at = 0; length < bytes + FILLER_SHIFTS; at = (at + 1) % FILLER_PERIOD) {
    const part = `${words[scatter(at) % words.length] ?? ''}${String(scatter(at) % 1_000)} `;
    parts.push(part);
    length += part.length;
  }
  return parts.join('');
}

/** A number that looks random and depends on the given one only; below 2^32. */
function scatter(value: number): number {
  let bits = Math.imul(value + 0x9e37, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
