import { z } from 'zod';
import { NO_RECORDS } from '../contract.js';
import type { Books } from './books.js';

/** What a run did in a partition, up to the offset of the commit that tells of it. */
export interface RunMark {
  run: string;
  /** Of the run's drain, from 1. */
  attempt: number;
  /** ISO 8601: when it was committed. */
  at: string;
  books: Books;
  /** The first offset that the books count. */
  from: string;
  /** Ranges that the run passes over as lost: until its result has told of them, this is all that remembers. */
  lost: readonly OffsetRange[];
}

/**
 * What our commits carry as metadata beside the offset: that they are ours, and the books of the run in that partition up to this
 * very offset. So counters can't get ahead of or behind the commit, whoever is killed. Where runs overlap, a partition goes from
 * one to the other and back, and a partition has one commit: each run hands on what those before it have said.
 */
export interface CommitMark extends RunMark {
  epoch: number;
  /** See `versionRuleOf`; `null` in marks of earlier releases, too. */
  rule: string | null;
  others: readonly RunMark[];
}

/** The part of a mark that differs from partition to partition. */
export type MarkContent = Pick<CommitMark, 'books' | 'from' | 'lost' | 'others'>;

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
const runSchema = z.object({
  run: z.string(),
  attempt: z.number().int().positive(),
  at: z.string(),
  from: offset,
  lost: z.array(z.object({ from: offset, to: offset })).optional(),
  counters: counts.extend({ bytes: count }),
});
const schema = runSchema.extend({
  v: z.literal(1),
  epoch: z.number().int(),
  rule: z.string().optional(),
  others: z.array(runSchema).optional(),
});

/** Brokers take 4,096 by default (`offset.metadata.max.bytes`); a run's own part stays below 1,024 without lost ranges, and below 2,048 with them. */
const MAX_BYTES = 3_072;

/** As many of the others as there is room for, the newest. */
export function encodeMark({ epoch, rule, others, ...own }: CommitMark): string {
  const kept = [...others].sort((a, b) => b.at.localeCompare(a.at)).map(encodeRun);
  for (;;) {
    const text = JSON.stringify({
      ...{ v: 1, epoch },
      ...(rule !== null && { rule }),
      ...encodeRun(own),
      ...(kept.length > 0 && { others: kept }),
    });
    if (Buffer.byteLength(text) <= MAX_BYTES || kept.pop() === undefined) return text;
  }
}

/** Told one by one; in a year of failing runs there may be more than a commit has room for. */
const MOST_RANGES = 16;

/** The nearest to each other become one range, with what was read between them: rather too much is told as lost than nothing. */
function fitted(lost: readonly OffsetRange[]): OffsetRange[] {
  const ranges = lost
    .map(({ from, to }) => ({ from: BigInt(from), to: BigInt(to) }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  while (ranges.length > MOST_RANGES) {
    const gaps = ranges.slice(1).map(({ from }, at) => from - (ranges[at]?.to ?? from));
    const nearest = gaps.reduce((least, gap, at) => (gap < (gaps[least] ?? gap) ? at : least), 0);
    const [first, second] = ranges.slice(nearest, nearest + 2);
    if (first === undefined || second === undefined) break;
    ranges.splice(nearest, 2, { from: first.from, to: first.to > second.to ? first.to : second.to });
  }
  return ranges.map(({ from, to }) => ({ from: String(from), to: String(to) }));
}

function encodeRun({ run, attempt, at, from, lost, books }: RunMark): z.input<typeof runSchema> {
  return {
    ...{ run, attempt, at, from },
    ...(lost.length > 0 && { lost: fitted(lost) }),
    counters: { ...books.counts, bytes: books.bytes },
  };
}

/** `null`: the commit is not ours (an operator's tool, another consumer), or from an incompatible version of ours. */
export function decodeMark(metadata: string): CommitMark | null {
  const parsed = schema.safeParse(parseJson(metadata));
  if (!parsed.success) return null;
  const { epoch, rule = null, others = [] } = parsed.data;
  return { ...decodeRun(parsed.data), epoch, rule, others: others.map(decodeRun) };
}

function decodeRun({ run, attempt, at, from, lost = [], counters }: z.output<typeof runSchema>): RunMark {
  const { bytes, ...rest } = counters;
  return { run, attempt, at, from, lost, books: { counts: rest, bytes } };
}

/** What a commit says of one run, and of those that may be under way beside it: their last word isn't older than `since` (ISO 8601). */
export function marksIn(
  metadata: string,
  { run, since }: { run: string; since: string },
): { own: RunMark | null; others: readonly RunMark[] } {
  const mark = decodeMark(metadata);
  const marks: readonly RunMark[] = mark === null ? [] : [mark, ...mark.others];
  return {
    own: marks.find((of) => of.run === run) ?? null,
    others: marks.filter((of) => of.run !== run && of.at >= since),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
