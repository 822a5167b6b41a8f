import type { Settings } from '../config/settings.js';
import { createHttpSchemas } from '../registry/http-schemas.js';
import { reached } from '../time-limit.js';
import { failed, type Finding } from './check.js';

const REMEDY = 'check schemaRegistry.url and firewalls on the way';

/** Whether the schema registry answers, if there is one in the configuration. */
export async function checkRegistry({ schemaRegistry }: Settings): Promise<Finding[]> {
  if (schemaRegistry === null) return [];
  const urls = schemaRegistry.urls.join(', ');
  const schemas = createHttpSchemas({ settings: schemaRegistry, retryForMs: 0 });
  try {
    const types = await reached(
      schemas.types(),
      `the schema registry at ${urls}`,
      'REGISTRY_UNAVAILABLE',
      REMEDY,
    );
    const text = `${urls} answers; it has schemas of the types ${types.join(', ')}`;
    return [{ area: 'registry', pipeline: null, state: 'ok', text }];
  } catch (error) {
    return [failed('registry', null, error)];
  } finally {
    schemas.close();
  }
}
