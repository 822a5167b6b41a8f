/** Schema issues as problems: what is wrong at which path, and what is allowed there. */
import { z } from 'zod';
import { isMapping } from './environment.js';
import { isWithin, nearest, type Path, type Problem } from './problem.js';
import { CONFIG, type FileConfig } from './schema.js';

export type Validated = { config: FileConfig; problems: [] } | { config: null; problems: Problem[] };

/** The checked configuration, or everything that the schema refuses. */
export function validate(data: unknown): Validated {
  const result = CONFIG.safeParse(data);
  if (result.success) return { config: result.data, problems: [] };
  return { config: null, problems: result.error.issues.flatMap((issue) => toProblems(issue, data)) };
}

type Issue = z.core.$ZodIssue;

function toProblems(issue: Issue, data: unknown, above: Path = []): Problem[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      text: unknownKeyText(key, issue.message),
      atKey: true,
    }));
  }
  if (issue.code === 'invalid_union') {
    const deeper = issue.errors.find((branch) => branch.some(isInside));
    if (deeper !== undefined) return deeper.flatMap((inner) => toProblems(inner, data, path));
  }
  if (issue.code === 'invalid_key') return [{ path, text: issue.message, atKey: true }];
  const missing = valueAt(data, path) === undefined;
  return [{ path, text: missing ? `missing; expected ${issue.message}` : `expected ${issue.message}` }];
}

/** Whether an alternative failed in its parts, not because something else altogether was written. */
function isInside(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function unknownKeyText(key: string, knownKeys: string): string {
  const near = nearest(key, knownKeys.split(', '));
  return near === null ? `unknown key; allowed: ${knownKeys}` : `unknown key; did you mean ${near}?`;
}

/** What is written at the path; `undefined`: nothing. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    return (value as Record<string | number, unknown>)[part];
  }, data);
}

/**
 * What of a mapping can be read although other parts of it are wrong, so that one mistake doesn't hide another. Parts that
 * can't be read are left out.
 */
export function readableParts<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  written: unknown,
): Partial<z.output<z.ZodObject<Shape>>> {
  if (!isMapping(written)) return {};
  const parts = Object.entries(schema.shape).flatMap(([key, part]) => {
    const { success, data } = z.safeParse(part, written[key]);
    return success && data !== undefined ? [[key, data] as const] : [];
  });
  return Object.fromEntries(parts) as Partial<z.output<z.ZodObject<Shape>>>;
}

/** Without problems that only follow from others at the same place. */
export function withoutFollowing(problems: readonly Problem[], causes: readonly Problem[]): Problem[] {
  return problems.filter(({ path }) => !causes.some((cause) => isWithin(path, cause.path)));
}
