import type { SchemaRef, SchemaSource } from './schemas.js';

/** Schemas that runs before have fetched. They never change, so a worker needn't ask for them again. */
export interface KeptSchemas {
  keep: (ref: SchemaRef, source: SchemaSource) => void;
  all: () => [SchemaRef, SchemaSource][];
}

/** They are copied to each drain thread. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** Those kept last, up to a number of characters altogether. */
export function createKeptSchemas(maxCharacters = MAX_CHARACTERS): KeptSchemas {
  const kept = new Map<SchemaRef, SchemaSource>();
  let characters = 0;
  const drop = (ref: SchemaRef) => {
    const source = kept.get(ref);
    if (source === undefined) return;
    kept.delete(ref);
    characters -= charactersOf(source);
  };
  return {
    keep: (ref, source) => {
      drop(ref);
      kept.set(ref, source);
      characters += charactersOf(source);
      for (const oldest of kept.keys()) {
        if (characters <= maxCharacters) break;
        drop(oldest);
      }
    },
    all: () => [...kept],
  };
}

function charactersOf({ text, references }: SchemaSource): number {
  return references.reduce((sum, reference) => sum + reference.text.length, text.length);
}
