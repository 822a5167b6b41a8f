import { BSON } from 'mongodb';
import { beginDocument, beginField, ELEMENT, endDocument, writeIndexName } from './bson-elements.js';
import type { Writer } from './bson-elements.js';
import { bytesOf, type Item } from './documents.js';
import { createWriter, reserve, writeDocument, writeIdFilter, writeIds, written } from './raw-documents.js';
import type { VersionOrder } from './sink.js';
import { beginSection, rawDocuments } from './wire.js';
import type { RawDocuments } from './wire.js';

/** Documents in one statement of the merge: `$indexOfArray` is linear, so that larger statements are slower again. */
const STATEMENT_SIZE = 50;

type Comparison = '$lt' | '$lte';

const NEXT = { $arrayElemAt: ['$$docs', { $indexOfArray: ['$$ids', '$_id'] }] };

const SAME_LOG = {
  $and: [
    { $eq: ['$_kafka.partition', '$$next._kafka.partition'] },
    { $eq: ['$_kafka.epoch', '$$next._kafka.epoch'] },
  ],
};

/**
 * Arrays compare element by element and a missing field counts as null, the lowest: a document without `_kafka` is older
 * than any record, and the first epoch, which isn't stored, is lower than any other.
 */
function inOrderOf(fields: readonly string[], comparison: Comparison): object {
  return {
    [comparison]: [
      fields.map((field) => `$_kafka.${field}`),
      fields.map((field) => `$$next._kafka.${field}`),
    ],
  };
}

const NOT_OLDER_THAN_OTHER_LOG = inOrderOf(['epoch', 'timestamp', 'partition'], '$lte');
const OFFSETS = ['$_kafka.offset', '$$next._kafka.offset'];

/** Whether the stored document gives way to `next`; `$lt`: not to the same record. `compareVersions` is the same rule. */
const IS_NEWER: Readonly<Record<VersionOrder, (comparison: Comparison) => object>> = {
  offset: (comparison) => ({ $cond: [SAME_LOG, { [comparison]: OFFSETS }, NOT_OLDER_THAN_OTHER_LOG] }),
  timestamp: (comparison) => inOrderOf(['epoch', 'timestamp', 'partition', 'offset'], comparison),
  declared: (comparison) => inOrderOf(['epoch', 'version', 'timestamp', 'partition', 'offset'], comparison),
};

/** The guard, evaluated on the server inside the update: replaces the stored document only if the new one is newer. */
function pipelineWith(isNewer: object): object[] {
  return [{ $replaceWith: { $let: { vars: { next: NEXT }, in: { $cond: [isNewer, '$$next', '$$ROOT'] } } } }];
}

const UPSERT_TERMS = forEachOrder((order) => termsOf(pipelineWith(IS_NEWER[order]('$lte'))));
/** A replayed tombstone keeps the stored one, and with it the older `purgeAt`. */
const DELETE_TERMS = forEachOrder((order) => termsOf(pipelineWith(IS_NEWER[order]('$lt'))));

/** What is the same in all statements, as elements of BSON. */
function termsOf(u: object[]): Buffer {
  return Buffer.from(BSON.serialize({ u, multi: true }).subarray(4, -1));
}

function forEachOrder<T>(make: (order: VersionOrder) => T): Readonly<Record<VersionOrder, T>> {
  return { offset: make('offset'), timestamp: make('timestamp'), declared: make('declared') };
}

/** The items of one statement; a statement stops at the first document that the server refuses. */
export type Statement = readonly Item[];

export function toStatements(items: readonly Item[], size = STATEMENT_SIZE): Statement[] {
  const statements: Statement[] = [];
  for (let start = 0; start < items.length; start += size) {
    statements.push(items.slice(start, start + size));
  }
  return statements;
}

/**
 * The `updates` of one update command. `c` holds constants: the documents stay literally what they are, whatever their
 * field names. All statements must be of one kind.
 */
export function toUpdates(statements: readonly Statement[], order: VersionOrder): RawDocuments {
  const writer = createWriter(bytesOf(statements.flat()).sum);
  beginSection(writer, 'updates');
  for (const items of statements) {
    const isDelete = items[0]?.model.kind === 'delete';
    writeStatement(writer, items, (isDelete ? DELETE_TERMS : UPSERT_TERMS)[order]);
  }
  return rawDocuments(written(writer));
}

/** `{ q: { _id: { $in: ids } }, u, multi: true, c: { docs, ids } }` */
function writeStatement(writer: Writer, items: Statement, terms: Buffer): void {
  reserve(writer, 0);
  const statementAt = beginDocument(writer);
  const queryAt = beginField(writer, ELEMENT.object, 'q');
  writeIdFilter(writer, items);
  endDocument(writer, queryAt);
  reserve(writer, terms.length);
  writer.to += terms.copy(writer.out, writer.to);
  const constantsAt = beginField(writer, ELEMENT.object, 'c');
  const docsAt = beginField(writer, ELEMENT.array, 'docs');
  let index = 0;
  for (const item of items) {
    reserve(writer, item.bytes);
    writer.out[writer.to++] = ELEMENT.object;
    writeIndexName(writer, index++);
    writeDocument(writer, item);
  }
  endDocument(writer, docsAt);
  writeIds(writer, 'ids', items);
  endDocument(writer, constantsAt);
  endDocument(writer, statementAt);
}

/** The `deletes` of one delete command: removes the stored documents that are not newer than the items. */
export function toDeletes(statements: readonly Statement[], order: VersionOrder): object[] {
  return statements.map((items) => {
    const { ids, docs } = constantsOf(items);
    const isNewer = { $let: { vars: { next: NEXT }, in: IS_NEWER[order]('$lte') } };
    // A delete has no constants of its own.
    const vars = { docs: { $literal: docs }, ids: { $literal: ids } };
    return { q: { _id: { $in: ids }, $expr: { $let: { vars, in: isNewer } } }, limit: 0 };
  });
}

function constantsOf(items: Statement): { ids: unknown[]; docs: unknown[] } {
  return { ids: items.map((item) => item.model.id), docs: items.map((item) => item.document) };
}
