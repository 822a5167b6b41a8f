import { forEachLimited } from '../for-each-limited.js';
import type { Commands } from './commands.js';
import { isItem, prepare } from './documents.js';
import type { Item } from './documents.js';
import { remove } from './remove.js';
import { createResend } from './resend.js';
import type { ResendOptions } from './resend.js';
import { settle } from './settle.js';
import type { Settling } from './settle.js';
import type { Rejection, VersionOrder, WriteModel, WriteResult } from './sink.js';
import { toSlices } from './slices.js';
import { nothing } from './steps.js';
import type { Standing } from './steps.js';
import { addTally, emptyTally, toResult } from './tally.js';

/** Slices of one call in flight; each is up to three commands at once. */
const SLICES_IN_FLIGHT = 2;
/** Below this share of missing ids in the slice before, merging everything first is cheapest; above the other, inserting. */
const MERGE_FIRST_BELOW = 0.02;
const INSERT_FIRST_ABOVE = 0.95;

export type Write = (models: readonly WriteModel[], signal: AbortSignal) => Promise<WriteResult>;

/** `Sink.write` on one collection. Remembers, as its only state, how many ids of the last slice were missing. */
export function createWrite(
  commands: Commands,
  patience: Omit<ResendOptions, 'namespace'>,
  order: VersionOrder = 'offset',
): Write {
  let missingShare: number | null = null;

  const writeSlice = async (items: Item[], settling: Settling): Promise<void> => {
    const tally = emptyTally();
    await settle(firstBelief(items, missingShare), { ...settling, tally });
    missingShare = (tally.inserted.upsert + tally.inserted.delete) / items.length;
    addTally(settling.tally, tally);
  };

  return async (models, signal) => {
    const { items, removals, unfit } = prepareAll(models);
    const resend = createResend({ ...patience, namespace: commands.namespace });
    const tally = emptyTally();
    const settling: Settling = { commands, resend, order, tally, signal };
    await forEachLimited(toSlices(items), SLICES_IN_FLIGHT, (slice) => writeSlice(slice, settling));
    await forEachLimited(toSlices(removals), SLICES_IN_FLIGHT, (slice) => remove(slice, settling));
    return toResult([...items, ...removals], unfit, tally);
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

/** Every belief is corrected by the replies; the share of the slice before says which one will need the fewest commands. */
function firstBelief(items: Item[], missingShare: number | null): Standing {
  if (missingShare !== null && missingShare < MERGE_FIRST_BELOW) return { ...nothing(), stored: items };
  if (missingShare !== null && missingShare > INSERT_FIRST_ABOVE) return { ...nothing(), missing: items };
  return { ...nothing(), unknown: items };
}
