import { createCallTurns } from '../../src/mongodb/call-turns.js';
import { commandsOn, type Commands } from '../../src/mongodb/commands.js';
import { isItem, prepare, type Item } from '../../src/mongodb/documents.js';
import { createResend } from '../../src/mongodb/resend.js';
import type { Settling } from '../../src/mongodb/settle.js';
import type { VersionOrder, WriteModel } from '../../src/mongodb/sink.js';
import { emptyTally } from '../../src/mongodb/tally.js';
import { createWrite, type Write } from '../../src/mongodb/write.js';
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

/** `Sink.write` on one collection, which nobody else writes to. */
export function writeOn(commands: Commands, patience: Parameters<typeof createWrite>[1] = PATIENCE): Write {
  return createWrite(commands, patience, 'offset', createCallTurns());
}
