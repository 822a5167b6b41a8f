import { BSON } from 'mongodb';
import { DrainError } from '../errors.js';
import { createSpareBuffers } from '../spare-buffers.js';
import {
  beginDocument,
  ELEMENT,
  endDocument,
  writeInt32,
  writeInt64,
  writeName,
  writeString,
} from './bson-elements.js';
import type { Writer } from './bson-elements.js';
import type { Item } from './documents.js';
import { hasTime } from './iso-date.js';
import { RawUpsert } from './raw-upsert.js';
import type { Version } from './sink.js';
import { beginSection, rawDocuments } from './wire.js';
import type { RawDocuments } from './wire.js';

/** What an item may take beside its own bytes: lengths, names, its index in an array. */
const FRAME_BYTES = 64;

/** Buffers of commands, until these are answered: those of 4 MiB of values are used again, with the ids and versions beside them. */
const commandBuffers = createSpareBuffers({ most: 4, longest: 6 * 1024 * 1024, step: 256 * 1024 });

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
  writer.out = larger;
}

/** What was written. Error: `UNEXPECTED`, as of `reserve`. */
export function written(writer: Writer): Buffer {
  refuseOverflow(writer);
  return writer.out.subarray(0, writer.to);
}

/** JavaScript ignores what is written behind a buffer's end. */
function refuseOverflow({ out, to }: Writer): void {
  if (to > out.length) throw new DrainError('UNEXPECTED', 'a command outgrew the room that was made for it');
}

/** The `documents` of one insert command. */
export function toInserts(items: readonly Item[]): RawDocuments {
  const writer = createWriter(items.reduce((sum, { bytes }) => sum + bytes, 0));
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

/** As the driver does for commands: a field that is undefined is stored as null. */
function serialize(document: BSON.Document): Uint8Array {
  return BSON.serialize(document, { ignoreUndefined: false });
}

/** As the driver would write `{ _id, ...fields, _kafka }`. */
function writeRaw(writer: Writer, { id, version, buffer, from, end }: RawUpsert): void {
  const lengthAt = beginDocument(writer);
  writeId(writer, '_id', id);
  writer.to += buffer.copy(writer.out, writer.to, from, end);
  writeReserved(writer, version);
  endDocument(writer, lengthAt);
}

/** An element of a document id, whatever its type. */
export function writeId(writer: Writer, name: string, id: unknown): void {
  if (typeof id === 'string') {
    writer.out[writer.to++] = ELEMENT.string;
    writeName(writer, name);
    writeString(writer, id);
    return;
  }
  writeElement(writer, name, id);
}

/** Of any type. */
function writeElement(writer: Writer, name: string, value: unknown): void {
  const bson = serialize({ [name]: value });
  // the document's length before its element, its end behind
  writer.out.set(bson.subarray(4, -1), writer.to);
  writer.to += bson.length - 5;
}

/** `_kafka`, as `reservedField` has it. */
function writeReserved(writer: Writer, version: Version): void {
  const { partition, offset, timestampMs, epoch, declared } = version;
  const { out } = writer;
  out[writer.to++] = ELEMENT.object;
  writeName(writer, '_kafka');
  const lengthAt = beginDocument(writer);
  out[writer.to++] = ELEMENT.string;
  writeName(writer, 'partition');
  writeString(writer, partition);
  out[writer.to++] = ELEMENT.int64;
  writeName(writer, 'offset');
  writeInt64(writer, offset);
  writeTimestamp(writer, timestampMs);
  if (epoch > 1) {
    out[writer.to++] = ELEMENT.int32;
    writeName(writer, 'epoch');
    writeInt32(writer, epoch);
  }
  if (declared !== undefined) writeElement(writer, 'version', declared);
  endDocument(writer, lengthAt);
}

function writeTimestamp(writer: Writer, timestampMs: number): void {
  const isTimed = hasTime(timestampMs);
  writer.out[writer.to++] = isTimed ? ELEMENT.date : ELEMENT.null;
  writeName(writer, 'timestamp');
  if (isTimed) writeInt64(writer, timestampMs);
}
