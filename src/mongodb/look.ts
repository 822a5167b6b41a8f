import type { Writer } from './bson-elements.js';
import type { Item } from './documents.js';
import type { Place } from './places.js';
import { createWriter, recycle, writeDocument } from './raw-documents.js';
import type { Settling } from './settle.js';
import type { VersionOrder, WriteModel } from './sink.js';
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
  const { bytes, placeOf } = stored;
  const standing = nothing();
  const writer = createWriter(items.reduce((most, item) => Math.max(most, item.bytes), 0));
  items.forEach((item, index) => {
    const place = placeOf(index);
    if (place === null) standing.missing.push(item);
    else if (!isWritten(item, writer, bytes, place) && !isSuperseded(item.model, bytes, place, order))
      standing.stored.push(item);
  });
  recycle(writer.out);
  return standing;
}

/** Whether it is what would be written, byte for byte. */
function isWritten(item: Item, writer: Writer, bytes: Buffer, { from, end }: Place): boolean {
  writer.to = 0;
  writeDocument(writer, item);
  const { out, to } = writer;
  return end - from === to && out.compare(bytes, from, end, 0, to) === 0;
}

/**
 * Whether the guard would keep the stored document, by the guard's own rule. Of the same record it keeps a tombstone, and replaces
 * a document: what has become of it meanwhile is undone.
 */
function isSuperseded(
  { kind, version }: WriteModel,
  bytes: Buffer,
  document: Place,
  order: VersionOrder,
): boolean {
  const stored = versionIn(bytes, document);
  if (stored === null) return false;
  const newer = compareVersions(stored, version, order);
  return kind === 'delete' ? newer >= 0 : newer > 0;
}
