import { DrainError } from '../errors.js';
import { createSpareBuffers } from '../spare-buffers.js';
import {
  beginDocument,
  beginField,
  ELEMENT,
  endDocument,
  serialize,
  writeElement,
  writeName,
  writeString,
} from './bson-elements.js';
import type { Writer } from './bson-elements.js';
import { bytesOf, type Item } from './documents.js';
import { hasIdInPlace, writeIdInPlace } from './model-ids.js';
import { RawUpsert } from './raw-upsert.js';
import { writeReserved } from './reserved-field.js';
import type { WriteModel } from './sink.js';
import { beginSection, rawDocuments } from './wire.js';
import type { RawDocuments } from './wire.js';

/** What an item may take beside its own bytes: lengths, names, its index in an array. */
const FRAME_BYTES = 64;

/** Buffers of commands, until these are answered: those of slices as long as they get are used again. */
const commandBuffers = createSpareBuffers({ most: 6, longest: 6 * 1024 * 1024, step: 256 * 1024 });

/** A writer with room for so many bytes. */
export function createWriter(bytes: number): Writer {
  return { out: commandBuffers.take(bytes + FRAME_BYTES), to: 0 };
}

/** Only of a command that was answered: one that was given up may still be sent. */
export function recycle(written: Buffer): void {
  commandBuffers.giveBack(written.buffer);
}

/** Makes room for more. Error: `UNEXPECTED` where more was written than there was room for. */
export function reserve(writer: Writer, bytes: number): void {
  refuseOverflow(writer);
  const needed = writer.to + bytes + FRAME_BYTES;
  if (needed <= writer.out.length) return;
  const larger = commandBuffers.take(Math.max(needed, 2 * writer.out.length));
  writer.out.copy(larger, 0, 0, writer.to);
  recycle(writer.out);
  writer.out = larger;
}

/** What was written. Error: `UNEXPECTED`, as of `reserve`. */
export function written(writer: Writer): Buffer {
  refuseOverflow(writer);
  return writer.out.subarray(0, writer.to);
}

/** What is written byte by byte behind a buffer's end is ignored by JavaScript; what is written at once is a `RangeError` there. */
function refuseOverflow({ out, to }: Writer): void {
  if (to > out.length) throw new DrainError('UNEXPECTED', 'a command outgrew the room that was made for it');
}

/** The `documents` of one insert command. */
export function toInserts(items: readonly Item[]): RawDocuments {
  const writer = createWriter(bytesOf(items).sum);
  beginSection(writer, 'documents');
  for (const item of items) writeDocument(writer, item);
  return rawDocuments(written(writer));
}

export function writeDocument(writer: Writer, { model, document, bytes }: Item): void {
  if (document === null) {
    reserve(writer, bytes);
    if (model instanceof RawUpsert) writeRaw(writer, model);
    return;
  }
  const bson = serialize(document);
  reserve(writer, bson.length);
  writer.out.set(bson, writer.to);
  writer.to += bson.length;
}

/** As the driver would write `{ _id, ...fields, _kafka }`. */
function writeRaw(writer: Writer, upsert: RawUpsert): void {
  const { buffer, from, end } = upsert;
  const lengthAt = beginDocument(writer);
  writeId(writer, '_id', upsert);
  writer.to += buffer.copy(writer.out, writer.to, from, end);
  writeReserved(writer, upsert);
  endDocument(writer, lengthAt);
}

/** An element of the model's document id, whatever its type. */
function writeId(writer: Writer, name: string, model: WriteModel): void {
  if (hasIdInPlace(model)) {
    writer.out[writer.to++] = ELEMENT.string;
    writeName(writer, name);
    writeIdInPlace(writer, model);
    return;
  }
  const { id } = model;
  if (typeof id === 'string') {
    writer.out[writer.to++] = ELEMENT.string;
    writeName(writer, name);
    writeString(writer, id);
    return;
  }
  writeElement(writer, name, id);
}

/** An array of the items' document ids, as a field. */
export function writeIds(writer: Writer, name: string, items: readonly Item[]): void {
  const idsAt = beginField(writer, ELEMENT.array, name);
  let index = 0;
  for (const item of items) {
    reserve(writer, item.bytes);
    writeId(writer, String(index++), item.model);
  }
  endDocument(writer, idsAt);
}

/** The filter of the items' document ids, `_id: { $in: ids }`, as a field. */
export function writeIdFilter(writer: Writer, items: readonly Item[]): void {
  const filterAt = beginField(writer, ELEMENT.object, '_id');
  writeIds(writer, '$in', items);
  endDocument(writer, filterAt);
}
