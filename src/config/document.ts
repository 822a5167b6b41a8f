/** A YAML text as data, with the place of everything in it. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { Path } from './problem.js';

export interface Place {
  line: number;
  column: number;
}

export interface SyntaxMistake {
  place: Place;
  text: string;
}

export interface ConfigDocument {
  /** Plain objects, arrays and scalars; merge keys (`<<`) and aliases resolved. */
  data: unknown;
  syntax: SyntaxMistake[];
  /** The place of a value (or of its key); of the nearest enclosing one that is there, where the path isn't in the text. */
  locate: (path: Path, atKey?: boolean) => Place;
}

/** Our own words: the parser's messages quote the text, which may be a password that begins with `*` or `!`. */
const SYNTAX_TEXTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is in the mapping twice',
  BAD_INDENT: 'the indentation does not fit',
  TAB_AS_INDENT: 'tabs cannot indent, use blanks',
  MISSING_CHAR: 'a quote, bracket or colon is missing',
  BLOCK_AS_IMPLICIT_KEY:
    'a nested mapping cannot stand in one line here; is a quote or a line break missing?',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a colon missing?',
  BAD_ALIAS: 'a value that begins with * is an alias in YAML; quote it',
  TAG_RESOLVE_FAILED: 'a value that begins with ! is a tag in YAML; quote it',
  MULTIPLE_DOCS: 'one document only, without a second ---',
};

/** Never throws: mistakes of syntax are in the result. */
export function readDocument(text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
  });
  const placeAt = (position: number): Place => {
    const { line, col } = lines.linePos(position);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const syntax = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    place: placeAt(pos[0]),
    text: SYNTAX_TEXTS[code] ?? `not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`,
  }));
  const locate = (path: Path, atKey = false): Place => placeAt(positionOf(document, path, atKey));
  return { ...toData(document, syntax.length > 0, placeAt), locate, ...(syntax.length > 0 && { syntax }) };
}

function toData(
  document: Document,
  broken: boolean,
  placeAt: (position: number) => Place,
): Pick<ConfigDocument, 'data' | 'syntax'> {
  if (broken) return { data: null, syntax: [] };
  try {
    return { data: document.toJS(), syntax: [] };
  } catch {
    // an alias without its anchor, or a tower of aliases, is found only now
    return { data: null, syntax: [{ place: placeAt(0), text: SYNTAX_TEXTS['BAD_ALIAS'] ?? '' }] };
  }
}

function positionOf(document: Document, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let position = startOf(node) ?? 0;
  for (const [index, part] of path.entries()) {
    const step = stepInto(isAlias(node) ? node.resolve(document) : node, part);
    if (step === null) return position;
    const last = index === path.length - 1;
    position = (last && atKey ? step.key : (startOf(step.value) ?? step.key)) ?? position;
    node = step.value;
  }
  return position;
}

function stepInto(node: unknown, part: string | number): { key: number | undefined; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) =>
      isScalar(key) ? String(key.value) === String(part) : key === part,
    );
    return pair === undefined ? null : { key: startOf(pair.key), value: pair.value };
  }
  if (isSeq(node) && typeof part === 'number') {
    const value = node.items[part];
    return value === undefined ? null : { key: startOf(value), value };
  }
  return null;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
