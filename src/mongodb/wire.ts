import { DrainError } from '../errors.js';
import { writeName } from './bson-elements.js';
import type { Writer } from './bson-elements.js';
import { installedDriver } from './driver-parts.js';
import type { DocumentSequence, NewSequence } from './driver-parts.js';

/** A field of a command that holds documents which are BSON already. */
export interface RawDocuments extends DocumentSequence {
  section: Buffer;
}

let known: NewSequence | undefined;

/** The kind of a section, and the length of what is behind. */
const KIND = 1;
const LENGTH_AT = 1;
const NAME_AT = 5;

/** Begins a section of documents; they are written behind it, one after the other. `field` must be ASCII. */
export function beginSection(writer: Writer, field: string): void {
  writer.out[writer.to] = KIND;
  writer.to += NAME_AT;
  writeName(writer, field);
}

/**
 * A section with all its documents, as a command's field: the driver has no public way to send what is BSON already. It takes the
 * bytes as they are, where its own way copies them once more.
 * Error: `UNPATCHED_CLIENT` where the installed driver's own sections aren't as those that are known.
 */
export function rawDocuments(section: Buffer): RawDocuments {
  known ??= sequenceOfDriver();
  section.writeInt32LE(section.length - LENGTH_AT, LENGTH_AT);
  return Object.assign(new known(''), { section, toBin: () => section });
}

/** Of parts of commands, their BSON. */
const serialized = new WeakMap<object, Buffer>();

/**
 * Has a part of a command sent as these bytes, which are its BSON, where the driver is patched; another makes them anew. They must be
 * left as they are until the command is answered, and it mustn't be sent again after that.
 */
export function sentAs<Part extends object>(part: Part, bytes: Buffer): Part {
  serialized.set(part, bytes);
  return part;
}

/** As `sentAs` was told; `undefined`: it wasn't. */
export function sentBytesOf(part: unknown): Buffer | undefined {
  return typeof part === 'object' && part !== null ? serialized.get(part) : undefined;
}

/** For a worker to find out at its start, not with its first run. Error: `UNPATCHED_CLIENT`. */
export function requireRawDocuments(): void {
  known ??= sequenceOfDriver();
}

function sequenceOfDriver(): NewSequence {
  const { DocumentSequence: found } = installedDriver();
  if (found === undefined || !isAsSpecified(found)) {
    throw new DrainError(
      'UNPATCHED_CLIENT',
      "the installed driver of MongoDB doesn't send raw documents as the one of the lockfile does: install from the lockfile (npm ci).",
    );
  }
  return found;
}

/** The kind, the length of what follows, the field's name, an empty document. */
const EXAMPLE = Buffer.from([KIND, 11, 0, 0, 0, 0x66, 0, 5, 0, 0, 0, 0]);

function isAsSpecified(sequence: NewSequence): boolean {
  const example = new sequence('f');
  example.push({}, EXAMPLE.subarray(7));
  return EXAMPLE.equals(example.toBin());
}
