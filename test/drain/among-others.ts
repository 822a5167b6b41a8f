import type { KafkaRecord } from '../../src/kafka/source.js';
import { record } from './builders.js';

/** What lies behind a value in its batch: here all that would end, lengthen or complete a value that is cut off. */
const NEIGHBOURS = ['"}', '}', '0', '.5}', 'e1}', '\\n"}', 'é"}', '":1}', 'null}', ']}', ' }', '\0', '\n', '\u00a0', ''].map((text) => Buffer.from(text)); // prettier-ignore
let placed = 0;

/** The record as it is in a batch: its key and value are stretches of a larger buffer. */
export function amongOthers(content?: Parameters<typeof record>[0]): KafkaRecord {
  const alone = record(content);
  const { key, value } = alone;
  placed += 1;
  const neighbour = NEIGHBOURS[placed % NEIGHBOURS.length] ?? Buffer.alloc(0);
  const before = Buffer.alloc(1 + (placed % 4), 0x41);
  const buffer = Buffer.concat([before, key ?? before, neighbour, value ?? before, neighbour]);
  const keyAt = before.length;
  const valueAt = keyAt + (key ?? before).length + neighbour.length;
  const keyBytes = key?.length ?? -1;
  const valueBytes = value?.length ?? -1;
  return { ...alone, places: { buffer, keyAt, keyBytes, valueAt, valueBytes } };
}
