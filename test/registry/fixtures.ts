import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BSON } from 'mongodb';
import type { RegistryFormat } from '../../src/config/settings.js';
import { compile } from '../../src/registry/compile.js';
import type { SchemaEntry, Schemas, SchemaSource, SchemaType } from '../../src/registry/schemas.js';
import { repositoryFolder } from '../../stack/binaries.js';

/** A record as an encoder that isn't ours has written it; see `make-fixtures.py`. */
export interface Fixture {
  what: string;
  type: SchemaType;
  schema: string;
  references: { name: string; text: string }[];
  /** The same as clients in other languages than Java register them, by the name of the file; '': the schema itself. */
  compiled?: Record<string, string>;
  /** With the five bytes of schema 7 in front. */
  bytes: Buffer;
  /** Without anything in front, for a record whose header has the GUID. */
  payload: Buffer;
  header: Buffer;
  expected: unknown;
}

export const FORMATS: Readonly<Record<SchemaType, RegistryFormat>> = {
  AVRO: 'avro',
  PROTOBUF: 'protobuf',
  JSON: 'json-schema',
};

export function readFixtures(): Fixture[] {
  const file = join(repositoryFolder, 'test', 'registry', 'fixtures.json');
  const written = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>[];
  return written.map((fixture) => ({
    ...(fixture as unknown as Fixture),
    bytes: Buffer.from(String(fixture['bytes']), 'base64'),
    payload: Buffer.from(String(fixture['payload']), 'base64'),
    header: Buffer.from(String(fixture['header']), 'base64'),
    expected: BSON.EJSON.parse(JSON.stringify(fixture['expected']), { relaxed: false }) as unknown,
  }));
}

export function sourceOf({
  type,
  schema,
  references,
}: Pick<Fixture, 'type' | 'schema' | 'references'>): SchemaSource {
  return { type, text: schema, references };
}

/** As some registries give back what such a client has registered; `null`: it registers texts. */
export function compiledSourceOf({ type, compiled }: Fixture): SchemaSource | null {
  if (compiled === undefined) return null;
  const { '': text = '', ...others } = compiled;
  return { type, text, references: Object.entries(others).map(([name, other]) => ({ name, text: other })) };
}

/** A registry whose every schema is this one. */
export function schemasOf(source: SchemaSource): Schemas {
  const entry: SchemaEntry = compile(source);
  return { find: () => entry, load: () => Promise.resolve() };
}
