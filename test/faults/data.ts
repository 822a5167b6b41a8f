import type { Message } from 'kafkajs';
import type { Random } from '../simulator/random.js';
import { badRecords, unusualRecords } from './bad-records.js';
import { CANARY } from './canary.js';

export interface DataOptions {
  records: number;
  /** Distinct document ids; the fewer, the more updates. */
  ids: number;
  /** Share of tombstones among the records of an id; 3 % unless given. */
  tombstones?: number;
  /** Share of records that must end among the dead letters; 0.3 % unless given. */
  bad?: number;
}

const TOMBSTONES = 0.03;
const BAD = 0.003;
/** Of good records with contents that are easily spoilt. */
const UNUSUAL = 0.003;

/** Records as a busy topic has them; every value and most keys hold the canary, which must never show up in a log. */
export function makeRecords(random: Random, options: DataOptions): Message[] {
  const { records, ids, tombstones = TOMBSTONES, bad = BAD } = options;
  return Array.from({ length: records }, (_, index) => {
    const key = `${CANARY}-${String(random.integer(1, ids))}`;
    if (random.chance(bad)) return random.pick(badRecords())(key);
    if (random.chance(UNUSUAL)) return random.pick(unusualRecords())(key);
    if (random.chance(tombstones)) return { key, value: null };
    return {
      key,
      value: JSON.stringify({ version: index, amount: random.integer(0, 1e6) / 4, text: CANARY }),
    };
  });
}
