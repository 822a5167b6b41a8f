import type { Document } from 'mongodb';
import { booksViolation, progressViolation, readViolation, totalViolation, type RunBooks } from './books.js';
import { deadLetterViolation, missingDeadLetter } from './dead-letters.js';
import { documentViolation, reflectionViolation, type StoredDocuments } from './documents.js';
import type { PipelineRule } from './fold.js';
import type { LogRecord } from './log.js';
import { violation, type Violation } from './violation.js';

/** The group's committed offsets, or the log's ends, per partition; `null`: none. */
export type Offsets = ReadonlyMap<number, bigint | null>;

/** What is known when an episode has healed and its last run has ended. Everything was read without any code of the product. */
export interface Facts {
  rule: PipelineRule;
  /** All records that had to be drained, of all epochs. */
  log: readonly LogRecord[];
  /** Read with majority. */
  stored: StoredDocuments;
  deadLetters: readonly Document[];
  committed: Offsets;
  ends: ReadonlyMap<number, bigint>;
  /** Of the runs that have a result, in order. */
  runs: readonly RunBooks[];
  /** Whether every run has a result: a failed run takes its books with it. */
  allSucceeded: boolean;
  /** Whether no two runs overlapped and the log has one epoch: then each run's reads are known exactly. */
  exact: boolean;
  /** A text that is in every record and nowhere else. */
  canary: string;
  /** Logs and histories, by a name for each. */
  texts: ReadonlyMap<string, string>;
}

/** Checks I1–I7 and I9 and names the first violation; `null`: all hold. I3 while it lasts is the version watch's, I8 the harness's. */
export function findViolation(facts: Facts): Violation | null {
  const { rule, log, stored, deadLetters, runs } = facts;
  return (
    documentViolation(rule, log, stored) ??
    deadLetterViolation(rule, log, deadLetters) ??
    commitViolation(facts) ??
    first(runs, booksViolation) ??
    (facts.exact ? first(runs, (run) => readViolation(log, run)) : null) ??
    (facts.allSucceeded ? totalViolation(log.length, runs) : null) ??
    progressViolation(runs) ??
    contentViolation(facts)
  );
}

/** I4 in the midst of it: `committed` was read first, documents and dead letters after it, with majority. */
export function findViolationAtCommit(
  facts: Pick<Facts, 'rule' | 'log' | 'stored' | 'deadLetters' | 'committed'>,
): Violation | null {
  const { rule, stored, deadLetters, committed } = facts;
  const log = facts.log.filter(({ partition, offset }) => offset < (committed.get(partition) ?? -1n));
  return reflectionViolation(rule, log, stored) ?? missingDeadLetter(rule, log, deadLetters);
}

function commitViolation({ committed, ends }: Facts): Violation | null {
  for (const [partition, end] of ends) {
    const offset = committed.get(partition) ?? null;
    if (offset === end) continue;
    const text = `partition ${String(partition)} is committed up to ${String(offset)}, its log ends at ${String(end)}`;
    return violation(offset !== null && offset > end ? 'I4' : 'I7', text);
  }
  return null;
}

function contentViolation({ texts, canary, deadLetters }: Facts): Violation | null {
  for (const [name, text] of texts) {
    const at = text.indexOf(canary);
    if (at >= 0)
      return violation('I9', `${name} holds record content: …${text.slice(Math.max(0, at - 80), at)}`);
  }
  const told = deadLetters.find(({ reason, code }) => `${String(reason)}${String(code)}`.includes(canary));
  return told === undefined
    ? null
    : violation('I9', `the reason of dead letter ${String(told['_id'])} holds record content`);
}

function first<T>(items: readonly T[], check: (item: T) => Violation | null): Violation | null {
  for (const item of items) {
    const found = check(item);
    if (found !== null) return found;
  }
  return null;
}
