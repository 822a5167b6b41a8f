import { ELEMENT, valueBytes } from './bson-elements.js';
import type { RawFields } from './json-to-bson.js';
import { valueAt } from './places.js';

/**
 * The values of some fields of a transcoded value, as the parser would have read them; those that it doesn't have are left out.
 * `null`: one of them is an object or an array.
 */
export function pickFields(
  raw: RawFields,
  names: readonly string[],
): Readonly<Record<string, unknown>> | null {
  // Most pipelines take id and version from elsewhere: nothing is walked for them.
  if (names.length === 0) return NOTHING;
  const picked: Record<string, unknown> = {};
  for (const { name, type, valueFrom, end } of findFields(raw, names)) {
    if (type === ELEMENT.object || type === ELEMENT.array) return null;
    picked[name] = valueAt(raw.buffer, { type, from: valueFrom, end });
  }
  return picked;
}

const NOTHING: Readonly<Record<string, unknown>> = {};

/** A field among a document's elements, all of which are sound. */
interface Field {
  name: string;
  type: number;
  from: number;
  valueFrom: number;
  end: number;
}

/** The fields of these names, in the document's order. */
export function findFields({ buffer: bytes, from, end }: RawFields, names: readonly string[]): Field[] {
  const found: Field[] = [];
  for (let at = from; at < end;) {
    const nameEnd = bytes.indexOf(0, at + 1);
    const valueFrom = nameEnd + 1;
    const type = bytes[at] ?? 0;
    const next = valueFrom + valueBytes(bytes, valueFrom, type);
    const name = names.find((wanted) => isText(bytes, at + 1, nameEnd, wanted));
    if (name !== undefined) found.push({ name, type, from: at, valueFrom, end: next });
    at = next;
  }
  return found;
}

/** All but the first field. */
export function behindFirst({ buffer, from, end }: RawFields): RawFields {
  const valueFrom = buffer.indexOf(0, from + 1) + 1;
  return { buffer, from: valueFrom + valueBytes(buffer, valueFrom, buffer[from] ?? 0), end };
}

/** The length is compared first: its UTF-8 form is at least as long as the text. */
function isText(bytes: Buffer, from: number, end: number, text: string): boolean {
  return (
    end - from >= text.length && end - from <= 3 * text.length && bytes.toString('utf8', from, end) === text
  );
}
