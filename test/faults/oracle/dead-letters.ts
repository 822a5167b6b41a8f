import type { Binary, Document } from 'mongodb';
import { compareVersions, foldLog, idOf, natureOf, versionOf, type PipelineRule } from './fold.js';
import { coordinatesOf, type LogRecord } from './log.js';
import { violation, type Violation } from './violation.js';

/** I5: the dead letters are the bad records, each with its coordinates and bytes, and no other. */
export function deadLetterViolation(
  rule: PipelineRule,
  log: readonly LogRecord[],
  letters: readonly Document[],
): Violation | null {
  const stored = new Map(letters.map((letter) => [String(letter['_id']), letter]));
  const newest = foldLog(rule, log);
  for (const record of log) {
    const letterId = letterIdOf(rule, record);
    const letter = stored.get(letterId);
    stored.delete(letterId);
    const broken = compareLetter(rule, record, letter, isNewest(rule, newest, record));
    if (broken !== null) return broken;
  }
  const [extra] = stored.keys();
  return extra === undefined ? null : violation('I5', `dead letter ${extra} belongs to no record`);
}

/** I4 for bad records: those before the committed offsets (`log`) are among the dead letters. */
export function missingDeadLetter(
  rule: PipelineRule,
  log: Iterable<LogRecord>,
  letters: readonly Document[],
): Violation | null {
  const stored = new Set(letters.map((letter) => String(letter['_id'])));
  for (const record of log) {
    if (natureOf(rule, record) !== 'dead-letter' || stored.has(letterIdOf(rule, record))) continue;
    return violation('I4', `${coordinatesOf(record)} is committed, but it is not among the dead letters`);
  }
  return null;
}

function letterIdOf({ group }: PipelineRule, { topic, partition, offset, epoch }: LogRecord): string {
  return `${group}|${topic}-${String(partition)}@${String(epoch)}|${String(offset)}`;
}

/** Whether no storable record of its id is newer: then a refused record can't have been superseded. */
function isNewest(rule: PipelineRule, newest: ReadonlyMap<string, LogRecord>, record: LogRecord): boolean {
  const winner = newest.get(idOf(rule, record));
  return winner === undefined || compareVersions(versionOf(winner), versionOf(record)) < 0;
}

function compareLetter(
  rule: PipelineRule,
  record: LogRecord,
  letter: Document | undefined,
  newest: boolean,
): Violation | null {
  const nature = natureOf(rule, record);
  const place = coordinatesOf(record);
  const mustBeThere = nature === 'dead-letter' || (nature === 'refused' && newest);
  if (letter === undefined)
    return mustBeThere ? violation('I5', `${place} is missing from the dead letters`) : null;
  if (nature !== 'dead-letter' && nature !== 'refused')
    return violation('I5', `${place} is a good record among the dead letters`);
  const wrong = differences(record, letter);
  return wrong.length === 0
    ? null
    : violation('I5', `the dead letter of ${place} has another ${wrong.join(', ')}`);
}

function differences(record: LogRecord, letter: Document): string[] {
  const wanted: Record<string, unknown> = {
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    epoch: record.epoch,
    timestamp: record.timestampMs,
    key: record.key,
    value: record.value,
    headers: JSON.stringify(record.headers.map(({ name, value }) => [name, value])),
  };
  const found: Record<string, unknown> = {
    topic: letter['topic'],
    partition: letter['partition'],
    offset: String(letter['offset']),
    epoch: letter['epoch'],
    timestamp: (letter['timestamp'] as Date | null)?.getTime() ?? -1,
    key: latin1(letter['key']),
    value: latin1(letter['value']),
    headers: JSON.stringify(
      (letter['headers'] as Document[]).map(({ name, value }) => [name as string, latin1(value)]),
    ),
  };
  return Object.keys(wanted).filter((field) => wanted[field] !== found[field]);
}

function latin1(binary: unknown): string | null {
  return binary === null ? null : Buffer.from((binary as Binary).buffer).toString('latin1');
}
