/** The text of all mistakes of a configuration, each with its place. */
import { DrainError } from '../errors.js';
import type { ConfigDocument, Place } from './document.js';
import { isMapping } from './environment.js';
import { isWithin, pathText, type Path, type Problem } from './problem.js';
import { valueAt } from './validate.js';

/** Where secrets may stand, also by mistake: values there are never shown. */
const SECRET: readonly Path[] = [
  ['mongodb', 'uri'],
  ['mongodb', 'ssl'],
  ['kafka', 'sasl'],
  ['kafka', 'ssl'],
  ['schemaRegistry', 'password'],
  ['schemaRegistry', 'ssl'],
];
const MAX_SHOWN_CHARACTERS = 60;

/** `CONFIG_INVALID`, whose message lists every problem with file, line, column, path, value and what is allowed. */
export function configError(
  file: string,
  document: ConfigDocument,
  problems: readonly Problem[],
): DrainError {
  const lines =
    document.syntax.length > 0 ? toLines(file, document.syntax) : problemLines(file, document, problems);
  const count = lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`;
  const list = lines.map((line) => `  ${line}`);
  return new DrainError('CONFIG_INVALID', [`${count} in the configuration:`, ...list].join('\n'));
}

/** Each problem as a line, `file:line:column path: value: text`, in the order of the file. */
export function problemLines(file: string, document: ConfigDocument, problems: readonly Problem[]): string[] {
  const located = problems.map((problem) => ({
    place: document.locate(problem.path, problem.atKey),
    text: problemText(problem, document.data),
  }));
  return toLines(file, located);
}

function toLines(file: string, located: readonly Located[]): string[] {
  return [...located].sort(byPlace).map(({ place, text }) => `${file}:${place.line}:${place.column} ${text}`);
}

interface Located {
  place: Place;
  text: string;
}

function byPlace(a: Located, b: Located): number {
  return a.place.line - b.place.line || a.place.column - b.place.column;
}

function problemText({ path, text, atKey }: Problem, data: unknown): string {
  const value = atKey === true ? null : shown(path, valueAt(data, path));
  const where = path.length === 0 ? 'the file' : pathText(path);
  return value === null ? `${where}: ${text}` : `${where}: ${value}: ${text}`;
}

/** The value as it is written in the file (`${ENV}` unreplaced), or `null` where it is secret, missing or no scalar. */
function shown(path: Path, value: unknown): string | null {
  if (value === undefined || isMapping(value) || Array.isArray(value)) return null;
  // a text where a mapping belongs may be what belongs inside it
  if (SECRET.some((secret) => isWithin(path, secret) || isWithin(secret, path))) return null;
  const text = JSON.stringify(value).replaceAll(/[^\s/"@]+@/g, '***@');
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}
