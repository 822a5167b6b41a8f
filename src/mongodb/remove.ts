import type { Item } from './documents.js';
import { classifyWriteError } from './errors.js';
import { refused } from './commands.js';
import { toDeletes, toStatements } from './merge.js';
import type { Settling } from './settle.js';

/**
 * Removes the stored documents that are not newer than the deletes. Only what one clean reply says is done: an id that is
 * not stored, or stored in a newer version, needs nothing.
 */
export async function remove(items: readonly Item[], settling: Settling): Promise<void> {
  for (;;) {
    const outage = await removeOnce(items, settling);
    if (outage === null) return;
    await settling.resend.pause(outage, settling.signal);
  }
}

/** @returns why nothing is known about some of them; `null`: all are settled. */
async function removeOnce(
  items: readonly Item[],
  { commands, order, tally, signal }: Settling,
): Promise<string | null> {
  const deletes = toDeletes(toStatements(items), order);
  const { reply, fault } = await commands.run('delete', { deletes }, signal);
  // A filter on ids is nothing that a record's content could spoil: a server that refuses it is out of order.
  if (reply === null) return fault.reason;
  tally.modified.delete += reply.n ?? 0;
  const [error] = reply.writeErrors ?? [];
  if (error === undefined) return null;
  const cause = classifyWriteError(error);
  if (cause.kind === 'refused') throw refused('delete', commands.namespace, cause);
  return cause.reason;
}
