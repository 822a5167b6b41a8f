import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { documentOf, ELEMENT, valueBytes } from './bson-elements.js';
import type { Commands } from './commands.js';
import { matchText } from './documents.js';
import type { Item } from './documents.js';
import type { Fault } from './errors.js';
import { hasTime } from './iso-date.js';
import type { Version } from './sink.js';
import { isVersionValue } from './version-values.js';

type Outage = Extract<Fault, { kind: 'outage' }>;

/** Stored documents as BSON, each under the `matchText` of its id. */
type Stored = ReadonlyMap<string, Buffer>;

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
  const documents = new Map<string, Buffer>();
  for (const document of reply.cursor?.firstBatch ?? []) documents.set(matchText(idIn(document)), document);
  return { documents, fault: null };
}

/** A value among a document's bytes. */
interface Place {
  type: number;
  from: number;
  end: number;
}

function idIn(document: Buffer): unknown {
  return valueIn(document, wholeOf(document), '_id');
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

function wholeOf(document: Buffer): Place {
  return { type: ELEMENT.object, from: 0, end: document.length };
}

/** `undefined`: there is no such field. */
function valueIn(document: Buffer, within: Place, name: string): unknown {
  const place = placeIn(document, within, name);
  return place === null ? undefined : valueAt(document, place);
}

/** Between a document's length and its closing zero byte are its elements: type, name, zero byte, value. */
function placeIn(document: Buffer, within: Place, name: string): Place | null {
  for (let at = within.from + 4; at < within.end - 1;) {
    const type = document[at] ?? 0;
    const nameAt = at + 1;
    let from = nameAt;
    while (from < within.end && document[from] !== 0) from += 1;
    const isIt = from - nameAt === name.length && isText(document, nameAt, name);
    from += 1;
    at = from + valueBytes(document, from, type);
    if (isIt) return { type, from, end: at };
  }
  return null;
}

function isText(bytes: Buffer, at: number, ascii: string): boolean {
  for (let index = 0; index < ascii.length; index += 1)
    if (bytes[at + index] !== ascii.charCodeAt(index)) return false;
  return true;
}

/** The types that are usual here are read where they are, since js-bson takes several times as long. */
function valueAt(document: Buffer, { type, from, end }: Place): unknown {
  switch (type) {
    case ELEMENT.string:
      return document.toString('utf8', from + 4, end - 1);
    case ELEMENT.int64:
      return document.readBigInt64LE(from);
    case ELEMENT.int32:
      return document.readInt32LE(from);
    case ELEMENT.date:
      return new Date(Number(document.readBigInt64LE(from)));
    default:
      return deserialized(type, document.subarray(from, end));
  }
}

/** The value of a document that has no other, and no name for it. */
function deserialized(type: number, value: Buffer): unknown {
  return BSON.deserialize(documentOf([Buffer.of(type, 0), value]), { useBigInt64: true })[''];
}
