import type { Writer } from './bson-elements.js';
import { bytesOf, type Item } from './documents.js';
import { endOfFirstText, isIdFirst } from './id-index.js';
import { createWriter, recycle, writeDocument } from './raw-documents.js';
import { RawUpsert } from './raw-upsert.js';
import { recycleReply } from './reply-memory.js';
import { writeReserved } from './reserved-field.js';
import type { Settling } from './settle.js';
import type { Version, VersionOrder, WriteModel } from './sink.js';
import { failed, nothing } from './steps.js';
import type { Standing } from './steps.js';
import { readStored, versionIn } from './stored.js';
import { compareVersions } from './version-order.js';

/**
 * Looks at what is stored before anything is sent. Settled are the items that writing wouldn't change anything for: those stored
 * just so, and those superseded. Only data that a majority has says that for good: it isn't rolled back, and versions only rise.
 */
export async function look(
  items: readonly Item[],
  { commands, order, signal }: Pick<Settling, 'commands' | 'order' | 'signal'>,
): Promise<Standing> {
  const { stored, fault } = await readStored(commands, items, { readConcern: { level: 'majority' } }, signal);
  if (stored === null) return failed(items, fault);
  const standing = nothing();
  const writer = createWriter(bytesOf(items).most);
  const { bytes } = stored;
  let index = 0;
  for (const item of items) {
    const from = stored.starts[index++] ?? 0;
    if (from === 0) standing.missing.push(item);
    else if (
      !isWritten(item, writer, bytes, from) &&
      !isSuperseded(item.model, versionIn(bytes, from), order)
    )
      standing.stored.push(item);
  }
  recycle(writer.out);
  recycleReply(bytes);
  return standing;
}

/** Whether the document that begins there is what would be written, byte for byte. */
function isWritten(item: Item, writer: Writer, bytes: Buffer, from: number): boolean {
  const { model } = item;
  writer.to = 0;
  if (model instanceof RawUpsert && isIdFirst(bytes, from, model))
    return isWrittenBehind(model, writer, bytes, from);
  writeDocument(writer, item);
  return bytes.readInt32LE(from) === writer.to && isThere(writer, bytes, from);
}

/** What is behind an `_id` that is the upsert's: its fields are compared where they are, since most stored documents are the same. */
function isWrittenBehind(upsert: RawUpsert, writer: Writer, bytes: Buffer, from: number): boolean {
  const fieldsAt = endOfFirstText(bytes, from);
  const reservedAt = fieldsAt + upsert.end - upsert.from;
  writeReserved(writer, upsert);
  // the document's end
  writer.out[writer.to++] = 0;
  const isAsLong = from + bytes.readInt32LE(from) === reservedAt + writer.to;
  return (
    isAsLong &&
    isThere(writer, bytes, reservedAt) &&
    upsert.buffer.compare(bytes, fieldsAt, reservedAt, upsert.from, upsert.end) === 0
  );
}

function isThere({ out, to }: Writer, bytes: Buffer, at: number): boolean {
  return out.compare(bytes, at, at + to, 0, to) === 0;
}

/**
 * Whether the guard would keep the stored document, by the guard's own rule. Of the same record it keeps a tombstone, and replaces
 * a document: what has become of it meanwhile is undone.
 */
function isSuperseded({ kind, version }: WriteModel, stored: Version | null, order: VersionOrder): boolean {
  if (stored === null) return false;
  const newer = compareVersions(stored, version, order);
  return kind === 'delete' ? newer >= 0 : newer > 0;
}
