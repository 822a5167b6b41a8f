/** The section about the schema registry as the program uses it. */
import { isReadableUrl, required, toTls, type FileReader } from './connections.js';
import type { Problem } from './problem.js';
import type { FileConfig } from './schema.js';
import {
  REGISTRY_FORMATS,
  type PipelineSettings,
  type RegistryFormat,
  type SchemaRegistrySettings,
} from './settings.js';

type Written = NonNullable<FileConfig['schemaRegistry']>;

const PATH = ['schemaRegistry'];

export function isRegistryFormat(format: unknown): format is RegistryFormat {
  return REGISTRY_FORMATS.some((known) => known === format);
}

/** Which parts of a pipeline's records are decoded by a schema of the registry. */
export function registryFormatsOf({ value, documentId }: Pick<PipelineSettings, 'value' | 'documentId'>): {
  value: RegistryFormat | null;
  key: RegistryFormat | null;
} {
  const key = 'format' in documentId ? documentId.format : null;
  return { value: isRegistryFormat(value) ? value : null, key: isRegistryFormat(key) ? key : null };
}

/** Whether any part of them is. */
export function needsRegistry(pipeline: Pick<PipelineSettings, 'value' | 'documentId'>): boolean {
  const { value, key } = registryFormatsOf(pipeline);
  return value !== null || key !== null;
}

/** `null`: there is none, or its addresses can't be read. */
export function toSchemaRegistry(
  written: Partial<Written>,
  reader: FileReader,
): SchemaRegistrySettings | null {
  const urls = written.url === undefined ? null : [written.url].flat();
  const tls = written.ssl === undefined ? null : toTls([...PATH, 'ssl'], written.ssl, reader);
  const auth = toAuth(written, reader);
  if (urls === null) return null;
  if (auth !== null && urls.some(isReadableUrl)) {
    reader.problems.push({
      path: [...PATH, 'url'],
      text: 'http sends the password readable to another machine: use https',
    });
  }
  return { urls: urls.map((url) => url.replace(/\/+$/, '')), auth, tls };
}

function toAuth(
  { username, password: value, passwordFile: file }: Partial<Written>,
  reader: FileReader,
): SchemaRegistrySettings['auth'] {
  if (username === undefined) {
    const key = value === undefined ? 'passwordFile' : 'password';
    if (value !== undefined || file !== undefined)
      reader.problems.push({ path: [...PATH, key], text: 'needs username', atKey: true });
    return null;
  }
  return { username, password: required({ path: PATH, key: 'password', value, file }, reader) };
}

/** Whether a pipeline needs a registry that isn't there; the path is relative to the pipeline. */
export function missingRegistryProblems(
  { value, keyFormat }: { value?: unknown; keyFormat?: unknown },
  hasRegistry: boolean,
): Problem[] {
  if (hasRegistry) return [];
  const formats = Object.entries({ value, keyFormat }).filter(([, format]) => isRegistryFormat(format));
  return formats.map(([key]) => ({ path: [key], text: 'needs a schema registry: set schemaRegistry.url' }));
}
