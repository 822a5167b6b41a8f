// Writes drain.schema.json, the JSON Schema of the configuration file, from the compiled sources: `npx tsc && node scripts/schema.mjs`.
import { writeFileSync } from 'node:fs';

const { configSchemaText } = await import('../dist/src/config/json-schema.js');
writeFileSync(new URL('../drain.schema.json', import.meta.url), configSchemaText());
