import { z } from 'zod';
import { NO_RECORDS } from '../contract.js';
import type { Books } from './books.js';

/**
 * What our commits carry as metadata beside the offset (well below the broker's 4 KB): that they are ours, and the books of
 * the run in that partition up to this very offset. So counters can't get ahead of or behind the commit, whoever is killed.
 */
export interface CommitMark {
  run: string;
  epoch: number;
  /** ISO 8601: when it was committed. */
  at: string;
  books: Books;
}

const count = z.number().int().nonnegative();
const counts = z.object(
  Object.fromEntries(Object.keys(NO_RECORDS).map((name) => [name, count])) as Record<
    keyof typeof NO_RECORDS,
    typeof count
  >,
);
const schema = z.object({
  v: z.literal(1),
  run: z.string(),
  epoch: z.number().int(),
  at: z.string(),
  counters: counts.extend({ bytes: count }),
});

export function encodeMark({ run, epoch, at, books }: CommitMark): string {
  return JSON.stringify({ v: 1, run, epoch, at, counters: { ...books.counts, bytes: books.bytes } });
}

/** `null`: the commit is not ours (an operator's tool, another consumer), or from an incompatible version of ours. */
export function decodeMark(metadata: string): CommitMark | null {
  const parsed = schema.safeParse(parseJson(metadata));
  if (!parsed.success) return null;
  const { run, epoch, at, counters } = parsed.data;
  const { bytes, ...rest } = counters;
  return { run, epoch, at, books: { counts: rest, bytes } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
