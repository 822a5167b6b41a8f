import type { Settings } from '../config/settings.js';
import { createHttpSchemas } from '../registry/http-schemas.js';
import { failed, type Finding } from './check.js';

/** Whether the schema registry answers, if there is one in the configuration. */
export async function checkRegistry({ schemaRegistry }: Settings): Promise<Finding[]> {
  if (schemaRegistry === null) return [];
  const schemas = createHttpSchemas({ settings: schemaRegistry, retryForMs: 0 });
  try {
    const types = await schemas.types();
    const text = `${schemaRegistry.urls.join(', ')} answers; it has schemas of the types ${types.join(', ')}`;
    return [{ area: 'registry', pipeline: null, state: 'ok', text }];
  } catch (error) {
    return [failed('registry', null, error)];
  } finally {
    schemas.close();
  }
}
