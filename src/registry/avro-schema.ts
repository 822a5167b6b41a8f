import { isDeepStrictEqual } from 'node:util';

/** A type of an Avro schema: all that reading needs of it. */
export type AvroType = (
  | { kind: Primitive }
  | { kind: 'record'; fields: AvroField[] }
  | { kind: 'array'; items: AvroType }
  | { kind: 'map'; values: AvroType }
  | { kind: 'union'; branches: AvroType[] }
  | { kind: 'enum'; symbols: string[] }
  | { kind: 'fixed'; size: number }
) & { logical?: LogicalType };

export type Primitive = (typeof PRIMITIVES)[number];

export interface AvroField {
  name: string;
  type: AvroType;
}

/** A logical type as it is written, whether or not it means something for the type below it. */
export interface LogicalType {
  name: string;
  /** Digits behind the point of a decimal. */
  scale: number;
}

interface Node {
  readonly type?: unknown;
  readonly [attribute: string]: unknown;
}

interface Scope {
  /** By their full names. What names a type that is defined twice must define the same. */
  named: Map<string, { node: Node; type: AvroType }>;
  /** The namespace; '': none. */
  space: string;
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

/**
 * The type of the last schema; the ones before it are those that it refers to. Names aren't checked: Java
 * takes letters of any language, and its older versions any namespace. Nor are defaults, aliases and docs, which are for readers with
 * another schema. Throws where the schema can't be used.
 */
export function parseAvro(references: readonly string[], text: string): AvroType {
  const scope: Scope = { named: new Map(), space: '' };
  for (const reference of references) typeOf(JSON.parse(reference), scope);
  return typeOf(JSON.parse(text), scope);
}

function typeOf(schema: unknown, scope: Scope): AvroType {
  if (typeof schema === 'string') return typeNamed(schema, scope);
  if (Array.isArray(schema))
    return { kind: 'union', branches: schema.map((branch) => typeOf(branch, scope)) };
  const node = nodeOf(schema);
  switch (node.type) {
    case 'record':
    case 'error':
    case 'enum':
    case 'fixed':
      return definition(node, scope);
    case 'array':
      return { kind: 'array', items: typeOf(node['items'], scope) };
    case 'map':
      return { kind: 'map', values: typeOf(node['values'], scope) };
    default:
      return isPrimitive(node.type) ? { kind: node.type, ...logicalOf(node) } : typeOf(node.type, scope);
  }
}

function nodeOf(schema: unknown): Node {
  if (typeof schema !== 'object' || schema === null) throw new Error('a type is missing');
  return schema as Node;
}

function isPrimitive(name: unknown): name is Primitive {
  return PRIMITIVES.some((primitive) => primitive === name);
}

function typeNamed(name: string, { named, space }: Scope): AvroType {
  if (isPrimitive(name)) return { kind: name };
  const known = named.get(fullName(name, space)) ?? named.get(name);
  if (known === undefined) throw new Error(`undefined type name: ${name}`);
  return known.type;
}

function fullName(name: string, space: string): string {
  return space === '' || name.includes('.') ? name : `${space}.${name}`;
}

/** What has a name, and may be referred to from then on, also within itself. */
function definition(node: Node, { named, space }: Scope): AvroType {
  const written = node['namespace'];
  const name = fullName(textOf(node, 'name'), typeof written === 'string' ? written : space);
  const known = named.get(name);
  if (known !== undefined) {
    if (isDeepStrictEqual(known.node, node)) return known.type;
    throw new Error(`${name} is defined twice`);
  }
  if (node.type === 'enum' || node.type === 'fixed') {
    const type = node.type === 'enum' ? enumOf(node, name) : fixedOf(node, name);
    named.set(name, { node, type });
    return type;
  }
  const fields: AvroField[] = [];
  const type: AvroType = { kind: 'record', fields };
  named.set(name, { node, type });
  fields.push(...fieldsOf(node, name, { named, space: name.slice(0, Math.max(0, name.lastIndexOf('.'))) }));
  return type;
}

function textOf(node: Node, attribute: string): string {
  const text = node[attribute];
  if (typeof text !== 'string') throw new Error(`a type or field has no ${attribute}`);
  return text;
}

function fieldsOf(node: Node, name: string, scope: Scope): AvroField[] {
  const fields = listOf(node, 'fields', name).map((written) => {
    const field = nodeOf(written);
    return { name: textOf(field, 'name'), type: typeOf(field.type, scope) };
  });
  if (new Set(fields.map((field) => field.name)).size < fields.length)
    throw new Error(`${name} has a field twice`);
  return fields;
}

function enumOf(node: Node, name: string): AvroType {
  return { kind: 'enum', symbols: listOf(node, 'symbols', name).map(String) };
}

function fixedOf(node: Node, name: string): AvroType {
  const { size } = node;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
    throw new Error(`${name} has no valid size`);
  return { kind: 'fixed', size, ...logicalOf(node) };
}

function listOf(node: Node, attribute: string, name: string): unknown[] {
  const list = node[attribute];
  if (!Array.isArray(list)) throw new Error(`${name} has no ${attribute}`);
  return list;
}

function logicalOf({ logicalType: name, precision, scale = 0 }: Node): { logical?: LogicalType } {
  if (typeof name !== 'string') return {};
  if (name !== 'decimal') return { logical: { name, scale: 0 } };
  // by Avro's rule one that makes no sense counts as if it were not there
  const isDecimal = isWhole(precision) && isWhole(scale) && precision > 0 && scale <= precision;
  return isDecimal ? { logical: { name, scale } } : {};
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
