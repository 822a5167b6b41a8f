import { DrainError } from '../errors.js';
import type { Commands } from './commands.js';
import { isDelete, isUpsert, type Item } from './documents.js';
import { toStatements } from './merge.js';
import type { Resend } from './resend.js';
import type { Rejection, VersionOrder } from './sink.js';
import { find, insert, merge, nothing, probe } from './steps.js';
import type { Standing } from './steps.js';
import type { Tally } from './tally.js';

/** Rounds in which other writers may move ids between stored and missing before we give up on this attempt. */
const MAX_ROUNDS = 5;

/** What settling a slice needs beside its items. */
export interface Settling {
  commands: Commands;
  resend: Resend;
  order: VersionOrder;
  tally: Tally;
  signal: AbortSignal;
}

/**
 * How finely records are sent: a whole slice in statements of many; one record a statement, so that the server says which
 * one it refuses; one record a command, since some faults fail the whole command.
 */
type Grain = 'wide' | 'single' | 'alone';

/**
 * Sends items until each is durably applied, superseded, or rejected for its content, but those that are returned: they were refused
 * for what may be gone when everything else is written. `start` is what is believed about them; every belief leads to the right end, a
 * good one sooner.
 */
export async function settle(start: Standing, settling: Settling): Promise<Item[]> {
  const wide = await settleAt('wide', start, settling);
  return wide.length === 0 ? wide : settleAt('single', unknown(wide), settling);
}

/** Settles what `settle` has left. One after the other: two records may exchange values of a unique index. */
export async function settleAlone(items: readonly Item[], settling: Settling): Promise<void> {
  for (const item of items) await settleAt('alone', unknown([item]), settling);
}

function unknown(items: Item[]): Standing {
  return { ...nothing(), unknown: items };
}

/** Returns the items that must be sent more finely. */
async function settleAt(grain: Grain, start: Standing, settling: Settling): Promise<Item[]> {
  const finer: Item[] = [];
  let standing = start;
  for (let round = 0; round < MAX_ROUNDS;) {
    standing = await settleOnce(grain, standing, settling);
    if (grain === 'alone') standing = await doubt(standing, settling);
    finer.push(...judge(grain, standing, settling.tally.rejected));
    if (standing.unknown.length + standing.stored.length + standing.missing.length === 0) return finer;
    if (standing.outage === null) round += 1;
    else await settling.resend.pause(standing.outage, settling.signal);
  }
  throw new DrainError(
    'WRITE_UNSETTLED',
    `${settling.commands.namespace}: documents kept appearing and disappearing while they were written ` +
      `(${MAX_ROUNDS} rounds). Does something else delete from this collection? The next attempt writes them again.`,
  );
}

/** Looks up what is unknown, then inserts and merges at the same time. */
async function settleOnce(grain: Grain, standing: Standing, settling: Settling): Promise<Standing> {
  const { commands, tally, signal } = settling;
  const found = standing.unknown.length === 0 ? nothing() : await find(commands, standing.unknown, signal);
  const missing = [...standing.missing, ...found.missing];
  const stored = [...standing.stored, ...found.stored];
  const sent: Promise<Standing>[] = [];
  if (missing.length > 0) sent.push(insert(commands, missing, tally, signal));
  for (const isOfKind of [isUpsert, isDelete]) {
    // In commands of their own, since a reply has only totals.
    const items = stored.filter(isOfKind);
    if (items.length === 0) continue;
    const statements = grain === 'wide' ? toStatements(items) : toStatements(items, 1);
    sent.push(merge(statements, settling));
  }
  return combine([{ ...found, missing: [], stored: [] }, ...(await allSettled(sent))]);
}

/** A refusal of unknown meaning may be the server's condition, and then it refuses any write. */
async function doubt(standing: Standing, { commands, signal }: Settling): Promise<Standing> {
  if (!standing.accused.some(({ fault }) => fault.code === 'WRITE_REFUSED')) return standing;
  const outage = await probe(commands, signal);
  if (outage === null) return standing;
  return { ...standing, accused: [], unknown: standing.accused.flatMap(({ items }) => items), outage };
}

/** All have ended before the first failure is thrown: nothing outlives the call. */
async function allSettled<T>(promises: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function combine(standings: readonly Standing[]): Standing {
  return {
    unknown: standings.flatMap((standing) => standing.unknown),
    stored: standings.flatMap((standing) => standing.stored),
    missing: standings.flatMap((standing) => standing.missing),
    accused: standings.flatMap((standing) => standing.accused),
    outage: standings.find((standing) => standing.outage !== null)?.outage ?? null,
  };
}

/**
 * Rejects what is certainly at fault and returns what must be sent more finely: where several share the blame, where the
 * code could have another cause, and where another unique index may be free by the time the rest is written.
 */
function judge(grain: Grain, standing: Standing, rejected: Rejection[]): Item[] {
  const finer: Item[] = [];
  for (const { items, fault } of standing.accused) {
    const [item] = items;
    const isProven = items.length === 1 && (fault.certain || grain === 'alone');
    if (isProven && item !== undefined)
      rejected.push({ model: item.model, code: fault.code, reason: fault.reason });
    else finer.push(...items);
  }
  return finer;
}
