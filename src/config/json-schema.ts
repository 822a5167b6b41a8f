/** The JSON Schema of the configuration file, for editors. `drain.schema.json` is its text; a test keeps it up to date. */
import { parse } from 'yaml';
import { z } from 'zod';
import { EXAMPLES } from './examples.js';
import { CONFIG } from './schema.js';

const ANY_TEXT = String.raw`\S`;

type Schema = Record<string, unknown>;

/** A value may also be, or contain, a reference to the environment, which no editor can look into. */
const REFERENCE = { type: 'string', pattern: String.raw`\$\{[A-Za-z_]` };

/** As text, with its last line break. */
export function configSchemaText(): string {
  const schema = z.toJSONSchema(CONFIG, { io: 'input', unrepresentable: 'any' }) as Schema;
  const { $schema, ...rest } = withExamples(withReferences(schema) as Schema, '');
  return `${JSON.stringify({ $schema, title: 'kafka-drain', ...rest }, null, 2)}\n`;
}

/** What `examples.ts` has for a key, beside its description. */
function withExamples(schema: Schema, path: string): Schema {
  const example = EXAMPLES[path];
  const within = (key: string, below: unknown): unknown => {
    if (key === 'properties')
      return mapValues(below as Schema, (name, node) => withExamples(node, child(path, name)));
    if (key === 'additionalProperties' && typeof below === 'object')
      return withExamples(below as Schema, child(path, '<name>'));
    if (key === 'anyOf') return (below as Schema[]).map((alternative) => withAlternative(alternative, path));
    return below;
  };
  const rest = Object.fromEntries(Object.entries(schema).map(([key, below]) => [key, within(key, below)]));
  return example === undefined || 'examples' in rest ? rest : { ...rest, examples: [parse(example)] };
}

/** An alternative has keys of its own, but the example stands beside all of them. */
function withAlternative(schema: Schema, path: string): Schema {
  return Object.fromEntries(Object.entries(withExamples(schema, path)).filter(([key]) => key !== 'examples'));
}

function mapValues(nodes: Schema, change: (name: string, node: Schema) => Schema): Schema {
  return Object.fromEntries(
    Object.entries(nodes).map(([name, node]) => [name, change(name, node as Schema)]),
  );
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Every scalar that isn't just any text may be a reference instead. */
function withReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((item: unknown) => withReferences(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const below = Object.fromEntries(
    // names of pipelines are keys, and those aren't replaced
    Object.entries(schema).map(([key, value]: [string, unknown]) => [
      key,
      key === 'propertyNames' ? value : withReferences(value),
    ]),
  );
  if (!isRestricted(below)) return below;
  const { description, ...rule } = below;
  return { ...(description !== undefined && { description }), anyOf: [rule, REFERENCE] };
}

function isRestricted({ type, ...rule }: Schema): boolean {
  if (type === 'integer' || type === 'boolean') return true;
  if (type !== 'string') return false;
  return 'enum' in rule || 'const' in rule || ('pattern' in rule && rule['pattern'] !== ANY_TEXT);
}
