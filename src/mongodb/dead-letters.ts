import { Binary } from 'mongodb';
import type { Document } from 'mongodb';
import { DrainError } from '../errors.js';
import type { Commands } from './commands.js';
import type { DeadLetterState } from './dead-letter-store.js';
import { refused } from './commands.js';
import { classifyWriteError, isDuplicateId } from './errors.js';
import { hasTime } from './iso-date.js';
import type { Resend } from './resend.js';
import type { DeadLetter } from './sink.js';
import { toSlices } from './slices.js';

/** Above this a dead letter's bytes are kept in parts, and a part is no larger. */
const MAX_PART_BYTES = 8 * 1024 * 1024;
/** What the fields around the bytes take at most. */
const FRAME_BYTES = 4_096;
const MAX_REASON_LENGTH = 1_000;

/** Something to insert, with its size for slicing. */
export interface Sized {
  document: Document;
  bytes: number;
}

interface Piece {
  field: 'key' | 'value' | 'headers';
  bytes: Buffer;
}

/**
 * The documents of a dead letter, its own last, so that it is there only when its parts are.
 *
 * Usually it is one: `key`, `value` and `headers` hold the record's bytes. Above 8 MiB these are null (headers: empty),
 * `parts` is n, and the documents `<id>#1` … `<id>#n` (`{ part, of, field, bytes, deadLetteredAt }`) hold them: the bytes of one `field`
 * joined in the order of `part` are the key, the value, or the headers as JSON `[[name, base64 | null], …]`.
 */
export function toDeadLetterDocuments(letter: DeadLetter, now: Date): Sized[] {
  const bytes = bytesOf(letter);
  if (bytes <= MAX_PART_BYTES) {
    const { key, value, headers } = letter;
    const content = {
      key: toBinary(key),
      value: toBinary(value),
      headers: headers.map((header) => ({ name: header.name, value: toBinary(header.value) })),
    };
    return [{ document: { ...frame(letter, now), ...content }, bytes: bytes + FRAME_BYTES }];
  }
  const parts = piecesOf(letter).map(({ field, bytes: piece }, index) => ({
    document: {
      _id: `${letter.id}#${index + 1}`,
      part: index + 1,
      of: letter.id,
      field,
      bytes: new Binary(piece),
      deadLetteredAt: now,
    },
    bytes: piece.length + FRAME_BYTES,
  }));
  const own = { ...frame(letter, now), key: null, value: null, headers: [], parts: parts.length };
  return [...parts, { document: own, bytes: FRAME_BYTES }];
}

function frame(letter: DeadLetter, now: Date): Document {
  const { id, pipeline, topic, partition, offset, timestampMs, epoch, stage, code, run } = letter;
  const timestamp = hasTime(timestampMs) ? new Date(timestampMs) : null;
  const reason = letter.reason.slice(0, MAX_REASON_LENGTH);
  const record = { topic, partition, offset, timestamp, epoch };
  const state: DeadLetterState = 'open';
  return { _id: id, pipeline, ...record, state, stage, code, reason, run: { ...run }, deadLetteredAt: now };
}

function bytesOf({ key, value, headers }: DeadLetter): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += header.name.length * 3 + (header.value?.length ?? 0) + 32;
  return bytes;
}

function piecesOf({ key, value, headers }: DeadLetter): Piece[] {
  const listed = headers.map((header) => [header.name, header.value?.toString('base64') ?? null]);
  return [
    ...cut('key', key),
    ...cut('value', value),
    ...cut('headers', headers.length === 0 ? null : Buffer.from(JSON.stringify(listed))),
  ];
}

function cut(field: Piece['field'], bytes: Buffer | null): Piece[] {
  const pieces: Piece[] = [];
  if (bytes === null) return pieces;
  for (let start = 0; start < Math.max(bytes.length, 1); start += MAX_PART_BYTES) {
    pieces.push({ field, bytes: bytes.subarray(start, start + MAX_PART_BYTES) });
  }
  return pieces;
}

function toBinary(bytes: Buffer | null): Binary | null {
  return bytes === null ? null : new Binary(bytes);
}

/**
 * Inserts what isn't there yet; a record that was dead-lettered before keeps its first dead letter. Anything that can't be
 * stored is an error (`MONGODB_REFUSED`): the record must not be committed without it.
 */
export async function insertDeadLetters(
  commands: Commands,
  letters: readonly Sized[],
  resend: Resend,
  signal: AbortSignal,
): Promise<void> {
  // One slice after the other: the parts of a letter are stored before the letter itself.
  for (const slice of toSlices(letters)) {
    for (;;) {
      const outage = await insertOnce(commands, slice, signal);
      if (outage === null) break;
      await resend.pause(outage, signal);
    }
  }
}

/** Returns why it must be sent again; `null`: all of it is stored. */
async function insertOnce(
  commands: Commands,
  slice: readonly Sized[],
  signal: AbortSignal,
): Promise<string | null> {
  const documents = slice.map((letter) => letter.document);
  const { reply, fault } = await commands.run('insert', { documents }, signal);
  if (reply === null && fault.kind === 'outage') return fault.reason;
  if (reply === null) throw unstorable(commands, fault.reason);
  for (const error of reply.writeErrors ?? []) {
    if (isDuplicateId(error)) continue;
    const cause = classifyWriteError(error);
    if (cause.kind === 'outage') return cause.reason;
    if (cause.kind === 'refused') throw refused('insert', commands.namespace, cause);
    throw unstorable(commands, cause.reason);
  }
  return null;
}

function unstorable(commands: Commands, reason: string): DrainError {
  return new DrainError(
    'MONGODB_REFUSED',
    `A dead letter can't be stored in ${commands.namespace}: ${reason}. ` +
      `This collection must have no schema validator and no unique index but _id.`,
  );
}
