import { forEachLimited } from '../for-each-limited.js';
import type { CallTurns } from './call-turns.js';
import type { Commands } from './commands.js';
import { isItem, prepare } from './documents.js';
import type { Item } from './documents.js';
import { look } from './look.js';
import { remove } from './remove.js';
import { createResend } from './resend.js';
import type { ResendOptions } from './resend.js';
import { settle, settleAlone } from './settle.js';
import type { Settling } from './settle.js';
import type { Rejection, VersionOrder, WriteModel, WriteResult } from './sink.js';
import { halfOf, toSlices } from './slices.js';
import { nothing } from './steps.js';
import type { Standing } from './steps.js';
import { addTally, emptyTally, toResult } from './tally.js';
import type { Tally } from './tally.js';

/** Slices of one call in flight; each is up to three commands at once. */
const SLICES_IN_FLIGHT = 3;
/** Below this share of missing ids in the slice before, merging everything first is cheapest; above the other, inserting. */
const MERGE_FIRST_BELOW = 0.02;
const INSERT_FIRST_ABOVE = 0.95;
/**
 * Above this share of unchanged documents in the slice before, a look at what is stored saves more than it costs. Where nothing is known
 * yet, too: it tells what is missing as well, and merging what is stored just so costs most of all.
 */
const LOOK_FIRST_ABOVE = 0.5;

export type Write = (models: readonly WriteModel[], signal: AbortSignal) => Promise<WriteResult>;

/** What became of a slice's items, as shares of them. */
interface Shares {
  missing: number;
  unchanged: number;
}

/**
 * `Sink.write` on one collection. Remembers, as its only state, what became of the last slice.
 * @param turns of all calls of one sink: where one call is under way at a time, its items are cut into more slices.
 */
export function createWrite(
  commands: Commands,
  patience: Omit<ResendOptions, 'namespace'>,
  order: VersionOrder,
  turns: CallTurns,
): Write {
  let before: Shares | null = null;

  const writeSlice = async (items: Item[], settling: Settling): Promise<Item[]> => {
    const tally = emptyTally();
    const start =
      before === null || before.unchanged > LOOK_FIRST_ABOVE
        ? await look(items, settling)
        : firstBelief(items, before);
    const left = await settle(start, { ...settling, tally });
    before = sharesOf(items.length - left.length, tally);
    addTally(settling.tally, tally);
    return left;
  };

  const writeAll = async (
    models: readonly WriteModel[],
    signal: AbortSignal,
    isOnlyCall: boolean,
  ): Promise<WriteResult> => {
    const { items, removals, unfit } = prepareAll(models);
    const tally = emptyTally();
    // the patience of each slice is its own: one that waits for its turn has had no outage
    const settling = (): Settling => {
      const resend = createResend({ ...patience, namespace: commands.namespace });
      return { commands, resend, order, tally, signal };
    };
    const left: Item[][] = [];
    const slices = isOnlyCall ? toSlices(items, halfOf(items.length)) : toSlices(items);
    await forEachLimited([...slices.entries()], SLICES_IN_FLIGHT, async ([index, slice]) => {
      left[index] = await writeSlice(slice, settling());
    });
    await forEachLimited(toSlices(removals), SLICES_IN_FLIGHT, (slice) => remove(slice, settling()));
    // Another record of the call, or a document that it removes, may have held a value that a unique index has once.
    await settleAlone(left.flat(), settling());
    return toResult([...items, ...removals], unfit, tally);
  };

  return async (models, signal) => {
    const isOnlyCall = turns.begin();
    try {
      return await writeAll(models, signal, isOnlyCall);
    } finally {
      turns.end();
    }
  };
}

interface Prepared {
  items: Item[];
  /** Deletes that leave nothing: commands of their own. */
  removals: Item[];
  unfit: Rejection[];
}

function prepareAll(models: readonly WriteModel[]): Prepared {
  const all: Prepared = { items: [], removals: [], unfit: [] };
  for (const model of models) {
    const prepared = prepare(model);
    if (!isItem(prepared)) all.unfit.push(prepared);
    else if (model.kind === 'delete' && model.purgeAt === null) all.removals.push(prepared);
    else all.items.push(prepared);
  }
  return all;
}

function sharesOf(length: number, { inserted, modified, rejected }: Tally): Shares {
  const missing = inserted.upsert + inserted.delete;
  const unchanged = length - missing - modified.upsert - modified.delete - rejected.length;
  const all = Math.max(length, 1);
  return { missing: missing / all, unchanged: unchanged / all };
}

/** Every belief is corrected by the replies; the slice before says which one will need the fewest commands. */
function firstBelief(items: Item[], before: Shares): Standing {
  if (before.missing < MERGE_FIRST_BELOW) return { ...nothing(), stored: items };
  if (before.missing > INSERT_FIRST_ABOVE) return { ...nothing(), missing: items };
  return { ...nothing(), unknown: items };
}
