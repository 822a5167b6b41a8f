import { BSON, Long } from 'mongodb';
import { RawUpsert } from './raw-upsert.js';
import { measure } from './storable.js';
import { hasTime } from './iso-date.js';
import type { Rejection, Version, WriteModel } from './sink.js';
import { bsonIdKey, textKey, withLength } from './values.js';

/**
 * The largest document that is sent, bytes of BSON. The server's limit is 16 MiB for the document and 16 MiB + 16 KiB for
 * the command around it, in which the merge repeats the id twice.
 */
const MAX_DOCUMENT_BYTES = 15 * 1024 * 1024;

/** A value as the driver serialises it: in order, `_id` first. */
type StoredDocument = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/** A write model made ready to be sent. */
export interface Item {
  model: WriteModel;
  /** `null`: of a `RawUpsert`, whose document is made where it is sent. */
  document: StoredDocument | null;
  /** Upper bound of what the document and the copies of its id take in a command. */
  bytes: number;
}

/** The document of a write model: `_id`, the value's fields in their order, `_kafka`. Nothing in it depends on run, clock or chance. */
function toDocument(model: WriteModel): StoredDocument {
  if (model.kind === 'delete') {
    // never stored where the document is removed: what the guard compares with
    if (model.purgeAt === null) return { _id: model.id, _kafka: reservedField(model.version) };
    const marker = { ...reservedField(model.version), deleted: true, purgeAt: model.purgeAt };
    return { _id: model.id, _kafka: marker };
  }
  const { id, fields } = model;
  const _kafka = reservedField(model.version);
  if (isMap(fields)) return new Map([['_id', id], ...fields, ['_kafka', _kafka]]);
  // Integer-like names come first in any JavaScript object, before `_id`, and with it the order of the stored fields
  // would change: from a Map they stay behind it.
  if (startsWithInteger(fields)) {
    return new Map([['_id', id], ...Object.entries(fields), ['_kafka', _kafka]]);
  }
  return { _id: id, ...fields, _kafka };
}

/** The reserved field. A record without a valid timestamp stores `null`, which is older than any timestamp. */
function reservedField(version: Version): Record<string, unknown> {
  const { partition, offset, epoch } = version;
  const timestamp = hasTime(version.timestampMs) ? new Date(version.timestampMs) : null;
  const place = epoch > 1 ? { partition, offset, timestamp, epoch } : { partition, offset, timestamp };
  return version.declared === undefined ? place : { ...place, version: version.declared };
}

/** Ready to be sent, or the reason why it can't be: everything that would fail a whole batch is found here. */
export function prepare(model: WriteModel): Item | Rejection {
  // What comes as BSON holds nothing that can't be stored; with its id it may be too large.
  if (model instanceof RawUpsert)
    return model.bytes <= MAX_DOCUMENT_BYTES ? model : tooLarge(model, model.bytes);
  const named = nameFault(model);
  if (named !== null) return { model, code: 'NOT_STORABLE', reason: named };
  const document = toDocument(model);
  const { bytes, fault } = measure(document);
  if (fault !== null) return { model, code: 'NOT_STORABLE', reason: fault };
  const idBytes = 2 * measure(model.id).bytes;
  if (bytes + idBytes <= MAX_DOCUMENT_BYTES) {
    return { model, document, bytes: bytes + idBytes };
  }
  return prepareLarge(model, document, idBytes);
}

function prepareLarge(model: WriteModel, document: StoredDocument, idBytes: number): Item | Rejection {
  const bytes = BSON.calculateObjectSize(document) + idBytes;
  if (bytes <= MAX_DOCUMENT_BYTES) return { model, document, bytes };
  return tooLarge(model, bytes);
}

function tooLarge(model: WriteModel, bytes: number): Rejection {
  const reason = `the document would take ${bytes} bytes of BSON; the limit is ${MAX_DOCUMENT_BYTES}`;
  return { model, code: 'TOO_LARGE', reason };
}

/** What all items take, and the longest of them. */
export function bytesOf(items: readonly Item[]): { sum: number; most: number } {
  let [sum, most] = [0, 0];
  for (const { bytes } of items) {
    sum += bytes;
    most = Math.max(most, bytes);
  }
  return { sum, most };
}

export function isUpsert({ model }: Item): boolean {
  return model.kind === 'upsert';
}

export function isDelete({ model }: Item): boolean {
  return model.kind === 'delete';
}

export function isItem(prepared: Item | Rejection): prepared is Item {
  return 'document' in prepared;
}

/** Top-level names that would collide with ours, or that tools take for an update operator. */
function nameFault(model: WriteModel): string | null {
  if (model.kind === 'delete') return null;
  const { fields } = model;
  const has = (name: string) => (isMap(fields) ? fields.has(name) : Object.hasOwn(fields, name));
  if (has('_id') || has('_kafka')) return "the fields must not contain '_id' or '_kafka'";
  return firstName(fields)?.startsWith('$') === true
    ? "the first field's name starts with '$', which MongoDB's tools take for an update operator"
    : null;
}

function firstName(fields: StoredDocument): string | undefined {
  if (isMap(fields)) return fields.keys().next().value;
  for (const name in fields) return name;
  return undefined;
}

/** Integer-like names are enumerated first, so that looking at one name is enough. */
function startsWithInteger(fields: Readonly<Record<string, unknown>>): boolean {
  const first = firstName(fields)?.charCodeAt(0);
  return first !== undefined && first >= 48 && first <= 57;
}

function isMap(fields: StoredDocument): fields is ReadonlyMap<string, unknown> {
  return fields instanceof Map;
}

/** One text per BSON id, also for ids that come back from the server as other classes. */
export function matchText(id: unknown): string {
  if (typeof id === 'string') return textKey(id);
  if (typeof id === 'boolean') return `b:${id}`;
  // Numbers compare by value in MongoDB, whatever their type.
  if (typeof id === 'number' || typeof id === 'bigint' || Long.isLong(id)) return `n:${String(id)}`;
  return id === null ? 'z:' : (bsonIdKey(id) ?? matchTextOfFields(id as object));
}

/** Objects are the same when their fields are, in this order. */
function matchTextOfFields(id: object): string {
  const parts = Object.entries(id).map(([name, value]) => withLength(name) + withLength(matchText(value)));
  return `c:${parts.join('')}`;
}
