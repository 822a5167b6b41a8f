import type { Commands } from './commands.js';
import type { Item } from './documents.js';
import { classifyWriteError, isDuplicateId } from './errors.js';
import type { Fault, WriteError } from './errors.js';
import { refused } from './commands.js';
import { toUpdates } from './merge.js';
import type { Statement } from './merge.js';
import { recycle, toInserts } from './raw-documents.js';
import { recycleReply } from './reply-memory.js';
import type { Settling } from './settle.js';
import { readStored } from './stored.js';
import type { Tally } from './tally.js';

type ContentFault = Extract<Fault, { kind: 'content' }>;

/** Where the items of one command stand when it was answered. Items in none of the lists are settled. */
export interface Standing {
  /** Must be looked up (again): they were found missing where they should be stored, or nothing is known. */
  unknown: Item[];
  /** Stored under their id, perhaps in an older version. */
  stored: Item[];
  missing: Item[];
  /** Refused for content, alone or together with the others of their statement or command. */
  accused: { items: readonly Item[]; fault: ContentFault }[];
  /** Why nothing is known about the unknown ones; `null`: no outage. */
  outage: string | null;
}

export function nothing(): Standing {
  return { unknown: [], stored: [], missing: [], accused: [], outage: null };
}

/** Which ids are stored. */
export async function find(
  commands: Commands,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<Standing> {
  const { stored, fault } = await readStored(commands, items, { projection: { _id: 1 } }, signal);
  if (stored === null) return failed(items, fault);
  const standing = nothing();
  let index = 0;
  for (const item of items) (stored.starts[index++] === 0 ? standing.missing : standing.stored).push(item);
  recycleReply(stored.bytes);
  return standing;
}

/** Unordered, so that every document is tried; the ones whose id is stored meanwhile stand as `stored`. */
export async function insert(
  commands: Commands,
  items: readonly Item[],
  tally: Tally,
  signal: AbortSignal,
): Promise<Standing> {
  const documents = toInserts(items);
  const { reply, fault } = await commands.run('insert', { documents }, signal);
  if (reply === null) return failed(items, fault);
  recycle(documents.section);
  const standing = nothing();
  const refusedAt = new Set<number>();
  for (const error of reply.writeErrors ?? []) {
    refusedAt.add(error.index);
    const item = items[error.index];
    if (item === undefined) continue;
    if (isDuplicateId(error)) standing.stored.push(item);
    else accuse(standing, [item], error, commands, 'insert');
  }
  let index = 0;
  for (const { model } of items) if (!refusedAt.has(index++)) tally.inserted[model.kind] += 1;
  return standing;
}

/** Merges statements of one kind into stored documents. The server's totals tell only whether all ids were met. */
export async function merge(
  statements: readonly Statement[],
  { commands, order, tally, signal }: Settling,
): Promise<Standing> {
  const updates = toUpdates(statements, order);
  const { reply, fault } = await commands.run('update', { updates }, signal);
  if (reply === null) return failed(statements.flat(), fault);
  recycle(updates.section);
  const standing = nothing();
  const kind = statements[0]?.[0]?.model.kind ?? 'upsert';
  tally.modified[kind] += reply.nModified ?? 0;
  const refusedAt = new Set<number>();
  for (const error of reply.writeErrors ?? []) {
    refusedAt.add(error.index);
    accuse(standing, statements[error.index] ?? [], error, commands, 'update');
  }
  const clean = statements.filter((_, index) => !refusedAt.has(index)).flat();
  if (reply.n !== clean.length) standing.unknown.push(...clean);
  return standing;
}

/**
 * Whether an update that touches nothing is acknowledged; `null`: it is, otherwise why not. Before a record is blamed for an
 * error of unknown meaning, this tells whether the server takes writes at all.
 */
export async function probe(commands: Commands, signal: AbortSignal): Promise<string | null> {
  const updates = [{ q: { _id: { $in: [] } }, u: [{ $replaceWith: '$$ROOT' }], multi: true }];
  const { fault } = await commands.run('update', { updates }, signal);
  return fault?.reason ?? null;
}

function accuse(
  standing: Standing,
  items: readonly Item[],
  error: WriteError,
  commands: Commands,
  action: 'insert' | 'update',
): void {
  const fault = classifyWriteError(error);
  if (fault.kind === 'refused') throw refused(action, commands.namespace, fault);
  if (fault.kind === 'content') {
    standing.accused.push({ items, fault });
  } else {
    standing.unknown.push(...items);
    standing.outage = fault.reason;
  }
}

/** The whole command failed: nothing is known about any of its items, or one of them is at fault. */
export function failed(items: readonly Item[], fault: Exclude<Fault, { kind: 'refused' }>): Standing {
  const standing = nothing();
  if (fault.kind === 'outage') {
    standing.unknown.push(...items);
    standing.outage = fault.reason;
  } else {
    standing.accused.push({ items, fault });
  }
  return standing;
}
