import type { Document } from 'mongodb';
import { ELEMENT, valueBytes } from './bson-elements.js';
import type { Commands } from './commands.js';
import type { Item } from './documents.js';
import type { Fault } from './errors.js';
import { indexIds } from './id-index.js';
import { hasTime } from './iso-date.js';
import { behindName, firstIn, placeIn, valueIn, wholeOf } from './places.js';
import type { Place } from './places.js';
import type { Version } from './sink.js';
import { isVersionValue } from './version-values.js';

type Outage = Extract<Fault, { kind: 'outage' }>;

/** What is stored under the ids of some items, all of it in the bytes of one reply. */
export interface Stored {
  bytes: Buffer;
  /** Where the document of the item with this index is; `null`: none is stored. */
  placeOf: (index: number) => Place | null;
}

/** What is stored under the items' ids. `how`: more fields of the command. */
export async function readStored(
  commands: Commands,
  items: readonly Item[],
  how: Document,
  signal: AbortSignal,
): Promise<{ stored: Stored; fault: null } | { stored: null; fault: Outage }> {
  const ids = items.map((item) => item.model.id);
  const body = { filter: { _id: { $in: ids } }, ...how, batchSize: ids.length, singleBatch: true };
  const { reply, fault } = await commands.run('find', body, signal);
  // Looking up an id is nothing a record's content could spoil: a server that refuses it is out of order.
  if (reply === null) return { stored: null, fault: { kind: 'outage', reason: fault.reason } };
  return { stored: storedIn(reply.cursor ?? Buffer.alloc(0), items), fault: null };
}

/** No document begins there: the reply's own length is. */
const NOWHERE = 0;

/** @param cursor of the reply, whose first batch has all that was found. */
function storedIn(cursor: Buffer, items: readonly Item[]): Stored {
  const starts = new Int32Array(items.length);
  const batch = placeIn(cursor, wholeOf(cursor), 'firstBatch');
  if (batch !== null) {
    const indexOf = indexIds(items);
    for (let at = firstIn(batch); at < batch.end - 1;) {
      const start = behindName(cursor, at + 1, batch.end);
      at = start + valueBytes(cursor, start, ELEMENT.object);
      const id = placeIn(cursor, { type: ELEMENT.object, from: start, end: at }, '_id');
      const index = id === null ? -1 : indexOf(cursor, id);
      if (index >= 0) starts[index] = start;
    }
  }
  return {
    bytes: cursor,
    placeOf: (index) => {
      const from = starts[index] ?? NOWHERE;
      return from === NOWHERE
        ? null
        : { type: ELEMENT.object, from, end: from + valueBytes(cursor, from, ELEMENT.object) };
    },
  };
}

const VERSION_FIELDS = ['partition', 'offset', 'timestamp', 'epoch', 'version'];

/** The version that a stored document has; `null`: none that we would have written. */
export function versionIn(bytes: Buffer, document: Place): Version | null {
  const reserved = placeIn(bytes, document, '_kafka');
  if (reserved?.type !== ELEMENT.object) return null;
  const [partition, offset, timestamp, epoch = 1, version] = VERSION_FIELDS.map((name) =>
    valueIn(bytes, reserved, name),
  );
  const timestampMs = timeOf(timestamp);
  if (typeof partition !== 'string' || typeof offset !== 'bigint') return null;
  if (typeof epoch !== 'number' || timestampMs === null) return null;
  const place = { partition, offset, timestampMs, epoch };
  if (version === undefined) return place;
  return isVersionValue(version) ? { ...place, declared: version } : null;
}

/** As a record without a valid timestamp has it where `null` is stored. */
function timeOf(timestamp: unknown): number | null {
  if (timestamp === null) return -1;
  return timestamp instanceof Date && hasTime(timestamp.getTime()) ? timestamp.getTime() : null;
}
