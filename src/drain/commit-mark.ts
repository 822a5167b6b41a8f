import { z } from 'zod';
import { NO_RECORDS } from '../contract.js';
import type { Books } from './books.js';

/**
 * What our commits carry as metadata beside the offset (well below the broker's 4 KB): that they are ours, and the books of
 * the run in that partition up to this very offset. So counters can't get ahead of or behind the commit, whoever is killed.
 */
export interface CommitMark extends MarkContent {
  run: string;
  /** Of the run's drain, from 1. */
  attempt: number;
  epoch: number;
  /** See `versionRuleOf`; `null` in marks of earlier releases, too. */
  rule: string | null;
  /** ISO 8601: when it was committed. */
  at: string;
}

/** The part of a mark that differs from partition to partition. */
export interface MarkContent {
  books: Books;
  /** The first offset that the books count. */
  from: string;
  /** Ranges that the run passes over as lost: until its result has told of them, this is all that remembers. */
  lost: readonly OffsetRange[];
}

/** From, and up to but without. */
export interface OffsetRange {
  from: string;
  to: string;
}

const count = z.number().int().nonnegative();
const counts = z.object(
  Object.fromEntries(Object.keys(NO_RECORDS).map((name) => [name, count])) as Record<
    keyof typeof NO_RECORDS,
    typeof count
  >,
);
const offset = z.string().regex(/^\d{1,19}$/);
const schema = z.object({
  v: z.literal(1),
  run: z.string(),
  attempt: z.number().int().positive(),
  epoch: z.number().int(),
  rule: z.string().optional(),
  at: z.string(),
  from: offset,
  lost: z.array(z.object({ from: offset, to: offset })).optional(),
  counters: counts.extend({ bytes: count }),
});

export function encodeMark({ run, attempt, epoch, rule, at, from, lost, books }: CommitMark): string {
  return JSON.stringify({
    ...{ v: 1, run, attempt, epoch },
    ...(rule !== null && { rule }),
    ...{ at, from },
    ...(lost.length > 0 && { lost }),
    counters: { ...books.counts, bytes: books.bytes },
  });
}

/** `null`: the commit is not ours (an operator's tool, another consumer), or from an incompatible version of ours. */
export function decodeMark(metadata: string): CommitMark | null {
  const parsed = schema.safeParse(parseJson(metadata));
  if (!parsed.success) return null;
  const { run, attempt, epoch, rule = null, at, from, lost = [], counters } = parsed.data;
  const { bytes, ...rest } = counters;
  return { run, attempt, epoch, rule, at, from, lost, books: { counts: rest, bytes } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
