import { orderId, orderVersions } from './orders.js';

/** A record to produce: a key and a value, `null` for a tombstone. */
export interface SampleRecord {
  readonly key: string | null;
  readonly value: string | Buffer | null;
}

/** What the sample holds, known without producing it. */
export interface SampleCounts {
  readonly records: number;
  readonly orders: number;
  readonly tombstones: number;
  readonly broken: number;
}

/** Orders in the sample; each has three to six versions. */
export const SAMPLE_ORDERS = 10_000;

const FIRST_PLACED = Date.UTC(2026, 9, 1, 6, 0, 0);
const PLACING_INTERVAL_MS = 60_000;
// Versions of one order are this many orders apart, so that updates of many orders are mixed as in a real topic.
const VERSION_DISTANCE = 400;
const TOMBSTONE_EVERY = 100;
const BROKEN_EVERY = 850;

// Each breaks another rule: cut off, not an object, not UTF-8, not JSON.
const BROKEN_VALUES: readonly (string | Buffer)[] = [
  '{"orderId":"o-broken","status":"pla',
  '["an order must be an object"]',
  Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  'status=placed;total=12.50',
];

/**
 * The sample topic in the order in which it is produced: every order's versions, a tombstone for each hundredth order (a customer
 * asked to be forgotten), and a few broken records, some without a key. Always the same.
 */
export function sampleRecords(): SampleRecord[] {
  const timed: { readonly at: number; readonly record: SampleRecord }[] = [];
  for (let index = 0; index < SAMPLE_ORDERS; index += 1) {
    const versions = orderVersions(index, new Date(FIRST_PLACED + index * PLACING_INTERVAL_MS));
    const key = orderId(index);
    const values: (string | Buffer | null)[] = versions.map((order) => JSON.stringify(order));
    if (index % TOMBSTONE_EVERY === TOMBSTONE_EVERY - 1) values.push(null);
    values.forEach((value, step) => {
      timed.push({ at: index + step * VERSION_DISTANCE, record: { key, value } });
    });
    if (index % BROKEN_EVERY === BROKEN_EVERY - 1) timed.push({ at: index, record: brokenRecord(index) });
  }
  // Stable: what has the same time stays in the order of the orders.
  return timed.sort((one, other) => one.at - other.at).map(({ record }) => record);
}

/** Counts of a list of sample records. */
export function countSample(records: readonly SampleRecord[]): SampleCounts {
  const keys = new Set(records.map(({ key }) => key).filter((key) => key?.startsWith('o-')));
  const broken = records.filter(isBroken).length;
  const tombstones = records.filter(({ value }) => value === null).length;
  return { records: records.length, orders: keys.size, tombstones, broken };
}

function brokenRecord(index: number): SampleRecord {
  const number = Math.floor(index / BROKEN_EVERY);
  const value = BROKEN_VALUES[number % BROKEN_VALUES.length] ?? '';
  return number % 5 === 4
    ? { key: null, value: '{"orderId":"o-nobody"}' }
    : { key: `broken-${number}`, value };
}

function isBroken({ key }: SampleRecord): boolean {
  return key === null || key.startsWith('broken-');
}
