import type { SchemaRegistrySettings } from '../config/settings.js';
import { createClient } from './client.js';
import { compile } from './compile.js';
import { createGet, type Get } from './http.js';
import type { SchemaEntry, SchemaRef, Schemas, SchemaSource } from './schemas.js';
import { fetchSource } from './sources.js';

const RETRY_FOR_MS = 60_000;
/** Somebody may register it, or a follower catch up; thousands of records may ask meanwhile. */
const ASK_AGAIN_AFTER_MS = 30_000;
/** Hostile records may name any number of schemas. */
const MAX_ENTRIES = 10_000;

export interface SchemasOptions {
  settings: SchemaRegistrySettings;
  /** Of runs before. */
  kept?: readonly (readonly [SchemaRef, SchemaSource])[];
  /** Told of every schema fetched. */
  fetched?: (ref: SchemaRef, source: SchemaSource) => void;
  alive?: () => void;
  log?: (text: string) => void;
  /** How long an outage is waited for; 60 s. */
  retryForMs?: number;
  /** Tests have a registry of their own. */
  get?: Get;
  /** Monotonic, milliseconds. */
  clock?: () => number;
}

export interface HttpSchemas extends Schemas {
  /** The types of schema that the registry knows. Errors: `REGISTRY_UNAVAILABLE`, `REGISTRY_REFUSED`. */
  types: () => Promise<string[]>;
  /** Whatever is being asked is given up. */
  close: () => void;
}

interface Known {
  entry: SchemaEntry;
  untilMs: number;
}

/** The port on Confluent's HTTP API, which the registries of Confluent, Karapace, Apicurio (`/apis/ccompat/v7`) and Redpanda speak. */
export function createHttpSchemas(options: SchemasOptions): HttpSchemas {
  const { settings, kept = [], fetched = () => undefined, clock = () => performance.now() } = options;
  const { alive = () => undefined, log = () => undefined, retryForMs = RETRY_FOR_MS } = options;
  const closing = new AbortController();
  const get = options.get ?? createGet(settings);
  const client = createClient({ settings, get, retryForMs, signal: closing.signal, alive, log });
  const sources = new Map(kept);
  const known = new Map<SchemaRef, Known>();
  const find = (ref: SchemaRef): SchemaEntry | undefined => {
    const found = known.get(ref);
    if (found !== undefined) return found.untilMs > clock() ? found.entry : undefined;
    const source = sources.get(ref);
    return source === undefined ? undefined : remember(known, ref, compile(source), Infinity);
  };
  return {
    find,
    load: async (ref) => {
      const answer = await fetchSource(client, ref);
      if (answer.kind === 'source') {
        remember(known, ref, compile(answer.source), Infinity);
        fetched(ref, answer.source);
      } else remember(known, ref, answer, clock() + ASK_AGAIN_AFTER_MS);
    },
    types: async () => {
      const types = await client.ask('/schemas/types');
      return Array.isArray(types) ? types.map(String) : [];
    },
    close: () => {
      closing.abort();
    },
  };
}

function remember(
  known: Map<SchemaRef, Known>,
  ref: SchemaRef,
  entry: SchemaEntry,
  untilMs: number,
): SchemaEntry {
  known.delete(ref);
  known.set(ref, { entry, untilMs });
  for (const oldest of known.keys()) {
    if (known.size <= MAX_ENTRIES) break;
    known.delete(oldest);
  }
  return entry;
}
