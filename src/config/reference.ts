/** The reference of the configuration file, made from the schema that checks it. `docs/configuration.md` is its text. */
import { EXAMPLES } from './examples.js';
import { configSchemaText } from './json-schema.js';

interface Node {
  description?: string;
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  anyOf?: Node[];
  enum?: string[];
  const?: string;
  required?: string[];
}

const HEAD = `# Configuration

One YAML file, \`drain.yaml\` unless \`--config\` names another. Made from the schema that checks the file (\`npm run schema\`).

- Durations are written like \`500ms\`, \`30s\`, \`4m\`, \`4m30s\`, \`7d\`.
- \`\${NAME}\` and \`\${NAME:-default}\` in a value are taken from the environment; \`NAME_FILE\` may name a file with a secret.
- Unknown keys and wrong values are errors, all reported at once with line, path, value and what is allowed.

| key | meaning | example |
| --- | --- | --- |
`;

/** Every key of the file that takes a value or has keys of its own, in the file's order. */
export function configKeys(): string[] {
  const schema = JSON.parse(configSchemaText()) as Node;
  return rowsOf(schema, '', (path) => path);
}

/** As text, with its last line break. */
export function configReferenceText(): string {
  const schema = JSON.parse(configSchemaText()) as Node;
  return HEAD + rowsOf(schema, '', rowOf).join('');
}

type Row = (path: string, node: Node, required: boolean) => string;

function rowsOf(node: Node, path: string, row: Row): string[] {
  const required = node.required ?? [];
  const rows = Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    row(path + name, child, required.includes(name)),
    ...alternatives(child).flatMap((alternative) => rowsOf(alternative, `${path}${name}.`, row)),
  ]);
  const { additionalProperties } = node;
  return typeof additionalProperties === 'object'
    ? [...rows, ...rowsOf(additionalProperties, `${path}<name>.`, row)]
    : rows;
}

function alternatives(node: Node): Node[] {
  return [node, ...(node.anyOf ?? []).flatMap(alternatives)];
}

function rowOf(path: string, node: Node, required: boolean): string {
  const description = alternatives(node).find(({ description: text }) => text !== undefined)?.description;
  const values = alternatives(node).flatMap(
    ({ enum: words, const: word }) => words ?? (word === undefined ? [] : [word]),
  );
  const parts = [
    description ?? '',
    values.length > 1 ? `One of ${values.map((value) => `\`${value}\``).join(', ')}.` : '',
    required ? '**Required.**' : '',
  ];
  const meaning = parts
    .filter((part) => part !== '')
    .join(' ')
    .replaceAll('<', '&lt;');
  const example = EXAMPLES[path];
  const cells = [`\`${path}\``, meaning, example === undefined ? '' : `\`${keyOf(path)}: ${example}\``];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** The last part of a path, as it is written. */
function keyOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
