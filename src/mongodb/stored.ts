import type { Document } from 'mongodb';
import { ELEMENT } from './bson-elements.js';
import type { Commands } from './commands.js';
import type { Item } from './documents.js';
import type { Fault } from './errors.js';
import { indexIds } from './id-index.js';
import { hasTime } from './iso-date.js';
import { placeIn, valueIn, wholeOf } from './places.js';
import type { Version } from './sink.js';
import { isVersionValue } from './version-values.js';

type Outage = Extract<Fault, { kind: 'outage' }>;

/** Stored documents as BSON, each at the index of its item; `undefined`: none is stored. */
type Stored = readonly (Buffer | undefined)[];

/** What is stored under the items' ids. `how`: more fields of the command. */
export async function readStored(
  commands: Commands,
  items: readonly Item[],
  how: Document,
  signal: AbortSignal,
): Promise<{ documents: Stored; fault: null } | { documents: null; fault: Outage }> {
  const ids = items.map((item) => item.model.id);
  const body = { filter: { _id: { $in: ids } }, ...how, batchSize: ids.length, singleBatch: true };
  const { reply, fault } = await commands.run('find', body, signal);
  // Looking up an id is nothing a record's content could spoil: a server that refuses it is out of order.
  if (reply === null) return { documents: null, fault: { kind: 'outage', reason: fault.reason } };
  return { documents: inOrderOf(items, reply.cursor?.firstBatch ?? []), fault: null };
}

function inOrderOf(items: readonly Item[], found: readonly Buffer[]): Stored {
  const documents: (Buffer | undefined)[] = items.map(() => undefined);
  const indexOf = indexIds(items);
  for (const document of found) {
    const id = placeIn(document, wholeOf(document), '_id');
    const index = id === null ? -1 : indexOf(document, id);
    if (index >= 0) documents[index] = document;
  }
  return documents;
}

const VERSION_FIELDS = ['partition', 'offset', 'timestamp', 'epoch', 'version'];

/** The version that a stored document has; `null`: none that we would have written. */
export function versionIn(document: Buffer): Version | null {
  const reserved = placeIn(document, wholeOf(document), '_kafka');
  if (reserved?.type !== ELEMENT.object) return null;
  const [partition, offset, timestamp, epoch = 1, version] = VERSION_FIELDS.map((name) =>
    valueIn(document, reserved, name),
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
