import type { Item } from './documents.js';

/** Documents in one statement of the merge: `$indexOfArray` is linear, so that larger statements are slower again. */
const STATEMENT_SIZE = 50;

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
const NOT_OLDER_THAN_OTHER_LOG = {
  $lte: [
    ['$_kafka.epoch', '$_kafka.timestamp', '$_kafka.partition'],
    ['$$next._kafka.epoch', '$$next._kafka.timestamp', '$$next._kafka.partition'],
  ],
};

/** The guard, evaluated on the server inside the update: replaces the stored document only if the new one is newer. */
function pipelineWith(sameLog: object): object[] {
  const next = { $arrayElemAt: ['$$docs', { $indexOfArray: ['$$ids', '$_id'] }] };
  const isNewer = { $cond: [SAME_LOG, sameLog, NOT_OLDER_THAN_OTHER_LOG] };
  return [{ $replaceWith: { $let: { vars: { next }, in: { $cond: [isNewer, '$$next', '$$ROOT'] } } } }];
}

const OFFSETS = ['$_kafka.offset', '$$next._kafka.offset'];
const UPSERT_PIPELINE = pipelineWith({ $lte: OFFSETS });
/** A replayed tombstone keeps the stored one, and with it the older `purgeAt`. */
const DELETE_PIPELINE = pipelineWith({ $lt: OFFSETS });

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
export function toUpdates(statements: readonly Statement[]): object[] {
  return statements.map((items) => {
    const ids = items.map((item) => item.model.id);
    const docs = items.map((item) => item.document);
    const u = items[0]?.model.kind === 'delete' ? DELETE_PIPELINE : UPSERT_PIPELINE;
    return { q: { _id: { $in: ids } }, u, multi: true, c: { docs, ids } };
  });
}
