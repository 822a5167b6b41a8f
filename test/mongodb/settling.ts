import { commandsOn } from '../../src/mongodb/commands.js';
import { isItem, prepare, type Item } from '../../src/mongodb/documents.js';
import { createResend } from '../../src/mongodb/resend.js';
import type { Settling } from '../../src/mongodb/settle.js';
import type { VersionOrder, WriteModel } from '../../src/mongodb/sink.js';
import { emptyTally } from '../../src/mongodb/tally.js';
import type { Target } from './target.js';

export const NEVER: AbortSignal = new AbortController().signal;
export const LISTENER = { alive: () => undefined };
export const PATIENCE = { resendForMs: 60_000, listener: LISTENER, log: () => undefined };

/** What settling items of a target needs beside them. */
export function settlingOn({ db }: Target, order: VersionOrder): Settling {
  const commands = commandsOn(db, 'orders', LISTENER);
  const resend = createResend({ ...PATIENCE, namespace: commands.namespace });
  return { commands, resend, order, tally: emptyTally(), signal: NEVER };
}

export function toItems(models: readonly WriteModel[]): Item[] {
  return models.map(prepare).filter(isItem);
}
