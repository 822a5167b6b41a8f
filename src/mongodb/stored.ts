import type { Document } from 'mongodb';
import { beginDocument, documentOf, ELEMENT, endDocument } from './bson-elements.js';
import type { Commands } from './commands.js';
import { bytesOf, type Item } from './documents.js';
import type { Fault } from './errors.js';
import { indexIds, indexOfDocument } from './id-index.js';
import { hasTime } from './iso-date.js';
import { documentAt, placeIn, valueIn } from './places.js';
import { createWriter, recycle, writeIdFilter, written } from './raw-documents.js';
import type { Version } from './sink.js';
import { isVersionValue } from './version-values.js';
import { sentAs } from './wire.js';

type Outage = Extract<Fault, { kind: 'outage' }>;

/**
 * What of items is stored: documents as one stretch of BSON, since a `Buffer` for each is as much as all else of an item. Whoever is done
 * with it gives its bytes to `recycleReply`.
 */
export interface Stored {
  bytes: Buffer;
  /** Where the document of each item begins; 0: none is stored, since the length of all of them is there. */
  starts: Int32Array;
}

/** What is stored under the items' ids. `how`: more fields of the command. */
export async function readStored(
  commands: Commands,
  items: readonly Item[],
  how: Document,
  signal: AbortSignal,
): Promise<{ stored: Stored; fault: null } | { stored: null; fault: Outage }> {
  const ids = rawIds(items);
  const filter = sentAs({ _id: idsOf(items) }, ids);
  const body = { filter, ...how, batchSize: items.length, singleBatch: true };
  const { reply, fault } = await commands.run('find', body, signal);
  // Looking up an id is nothing a record's content could spoil: a server that refuses it is out of order.
  if (reply === null) return { stored: null, fault: { kind: 'outage', reason: fault.reason } };
  recycle(ids);
  const bytes = reply.documents ?? NO_DOCUMENTS;
  return { stored: { bytes, starts: startsOf(items, bytes) }, fault: null };
}

/** Made where the bytes aren't sent: each would be a text of its own. */
function idsOf(items: readonly Item[]): Document {
  return {
    get $in() {
      return items.map(({ model }) => model.id);
    },
  };
}

/** `{ _id: { $in: ids } }`: of thousands of ids, the driver takes longer than for all else of a look-up. */
function rawIds(items: readonly Item[]): Buffer {
  const writer = createWriter(bytesOf(items).most);
  const filterAt = beginDocument(writer);
  writeIdFilter(writer, items);
  endDocument(writer, filterAt);
  return written(writer);
}

const NO_DOCUMENTS = documentOf([]);

/** @param bytes an array of documents. */
function startsOf(items: readonly Item[], bytes: Buffer): Int32Array {
  const starts = new Int32Array(items.length);
  const ids = indexIds(items);
  const end = bytes.length - 1;
  for (let at = 4; at < end;) {
    let from = at + 1;
    while (from < end && bytes[from] !== 0) from += 1;
    // behind the element's name, which is its index
    from += 1;
    const index = indexOfDocument(ids, bytes, from);
    if (index >= 0) starts[index] = from;
    at = from + bytes.readInt32LE(from);
  }
  return starts;
}

const VERSION_FIELDS = ['partition', 'offset', 'timestamp', 'epoch', 'version'];

/** The version of the stored document that begins there; `null`: none that we would have written. */
export function versionIn(bytes: Buffer, from: number): Version | null {
  const reserved = placeIn(bytes, documentAt(bytes, from), '_kafka');
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
