/**
 * `${NAME}` and `${NAME:-default}` in the texts of a configuration. Where `NAME` isn't set but `NAME_FILE` is, the value is
 * that file's content: the convention by which containers get secrets. `$${` is a plain `${`.
 */
import { WORLD_READABLE } from './file-mode.js';
import type { Path, Problem } from './problem.js';

export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  /** The text of a file; throws where it can't be read. */
  readFile: (path: string) => string;
  /** Whether every user of this machine may read it. */
  isWorldReadable: (path: string) => boolean;
}

export interface Substituted {
  data: unknown;
  warnings: Problem[];
  problems: Problem[];
}

export const TOPIC_REFERENCE = '${topic}';
export const REFERENCE = /\$\$\{|\$\{([^}]*\}?)/g;
/** With its closing brace, which may have been forgotten. */
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?\}$/;

/** The data with every reference replaced; a reference that can't be is left as it is and reported. */
export function substitute(data: unknown, surroundings: Surroundings): Substituted {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return replaceAll(value, path, surroundings, { problems, warnings });
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
  };
  return { data: walk(data, []), problems, warnings };
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function replaceAll(
  text: string,
  path: Path,
  surroundings: Surroundings,
  { problems, warnings }: Omit<Substituted, 'data'>,
): string {
  return text.replaceAll(REFERENCE, (reference: string, inside: string | undefined) => {
    if (inside === undefined) return '${';
    if (isTopicOf(path, reference)) return reference;
    const resolved = resolve(inside, surroundings);
    if (resolved.warning !== undefined) warnings.push({ path, text: resolved.warning });
    if ('value' in resolved) return resolved.value;
    problems.push({ path, text: resolved.problem });
    return reference;
  });
}

/** Not a reference to the environment: in a pipeline's collection it stands for the topic that a record came from. */
function isTopicOf([root, , key, ...deeper]: Path, reference: string): boolean {
  return root === 'pipelines' && key === 'collection' && deeper.length === 0 && reference === TOPIC_REFERENCE;
}

type Resolved = { value: string; warning?: string } | { problem: string; warning?: never };

function resolve(inside: string, { environment, ...files }: Surroundings): Resolved {
  const match = NAME.exec(inside);
  // what stands between the braces isn't repeated: it may be a secret with `${` in it
  if (match === null)
    return { problem: 'a reference is ${NAME} or ${NAME:-default}; a plain ${ is written $${' };
  const [, name = '', fallback] = match;
  const value = environment[name];
  if (value !== undefined && value !== '') return { value };
  const file = environment[`${name}_FILE`];
  if (file !== undefined && file !== '') return fromFile(name, file, files);
  if (fallback !== undefined) return { value: fallback };
  if (value === '') return { problem: `the environment variable ${name} is empty` };
  return {
    problem: `the environment variable ${name} is not set (nor ${name}_FILE); a default is written \${${name}:-default}`,
  };
}

function fromFile(
  name: string,
  file: string,
  { readFile, isWorldReadable }: Omit<Surroundings, 'environment'>,
): Resolved {
  try {
    const value = readFile(file).replace(/\r?\n$/, '');
    return isWorldReadable(file) ? { value, warning: `${name}_FILE: ${WORLD_READABLE}` } : { value };
  } catch (error) {
    return { problem: `the file named by ${name}_FILE cannot be read: ${fileErrorText(error)}` };
  }
}

/** Why a file couldn't be read, in words. */
export function fileErrorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
  };
  return words[code] ?? code;
}
