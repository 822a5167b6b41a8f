import { needsRegistry, registryFormatsOf } from '../config/registry-connection.js';
import type { PipelineSettings } from '../config/settings.js';
import type { Schemas } from '../registry/schemas.js';
import type { Operation, ToOperation } from './operation.js';
import { missingSchemas } from './registry-formats.js';

/**
 * The step record → operation, preceded by loading the schemas that a record names and nobody has asked for yet. Everything
 * behind it finds them at hand, so that only the first record of a schema is waited for. Errors: those of `Schemas.load`.
 */
export function withSchemas(
  pipeline: Pick<PipelineSettings, 'value' | 'documentId'>,
  schemas: Schemas | null,
  toOperation: ToOperation,
): ToOperation {
  if (schemas === null || !needsRegistry(pipeline)) return toOperation;
  const { value, key } = registryFormatsOf(pipeline);
  return (record) => {
    const parts = [
      ...(value === null ? [] : [{ format: value, part: 'value' as const, bytes: record.value }]),
      ...(key === null ? [] : [{ format: key, part: 'key' as const, bytes: record.key }]),
    ];
    const missing = missingSchemas(schemas, parts, record);
    return missing.length === 0
      ? toOperation(record)
      : loadFirst(schemas, missing, () => toOperation(record));
  };
}

async function loadFirst(
  schemas: Schemas,
  refs: readonly string[],
  then: () => ReturnType<ToOperation>,
): Promise<Operation> {
  for (const ref of new Set(refs)) await schemas.load(ref);
  return then();
}
