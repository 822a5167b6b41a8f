import type { RegistryClient } from './client.js';
import type { SchemaRef, SchemaSource, SchemaType } from './schemas.js';

/** More is a circle, or no schema that anybody has written. */
const MAX_REFERENCES = 200;

interface Reference {
  name: string;
  subject: string;
  version: number;
}

interface Answer {
  schema: string;
  schemaType?: string;
  references?: readonly Reference[] | null;
}

export type Fetched =
  { kind: 'source'; source: SchemaSource } | { kind: 'unknown' } | { kind: 'unusable'; reason: string };

/** A schema with all that it refers to. Errors: those of the client. */
export async function fetchSource(client: RegistryClient, ref: SchemaRef): Promise<Fetched> {
  const answer = await client.ask(`/schemas/${ref}`);
  if (answer === null) return { kind: 'unknown' };
  if (!isAnswer(answer))
    return {
      kind: 'unusable',
      reason: 'the registry answered without a schema, or with references that are none',
    };
  const references = new Map<string, string>();
  const missing = await collect(client, answer, references);
  if (missing !== null) return { kind: 'unusable', reason: missing };
  const source: SchemaSource = {
    type: (answer.schemaType ?? 'AVRO') as SchemaType,
    text: answer.schema,
    references: [...references].map(([name, text]) => ({ name, text })),
  };
  return { kind: 'source', source };
}

/** What others refer to comes first. Returns why it can't be had; `null`: all is there. */
async function collect(
  client: RegistryClient,
  { references }: Answer,
  into: Map<string, string>,
): Promise<string | null> {
  for (const { name, subject, version } of references ?? []) {
    if (into.has(name)) continue;
    if (into.size >= MAX_REFERENCES) return `it refers to more than ${String(MAX_REFERENCES)} others`;
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${String(version)}?deleted=true`;
    const answer = await client.ask(path);
    if (!isAnswer(answer))
      return `it refers to "${name}" (${subject}, version ${String(version)}), which isn't there`;
    // its place, should there be a circle
    into.set(name, answer.schema);
    const missing = await collect(client, answer, into);
    if (missing !== null) return missing;
    into.delete(name);
    into.set(name, answer.schema);
  }
  return null;
}

function isAnswer(answer: unknown): answer is Answer {
  const { schema, references } = (answer ?? {}) as { schema?: unknown; references?: unknown };
  if (typeof schema !== 'string') return false;
  return (references ?? null) === null || (Array.isArray(references) && references.every(isReference));
}

function isReference(reference: unknown): reference is Reference {
  const { name, subject, version } = (reference ?? {}) as Partial<Reference>;
  return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number';
}
