// `npm run schema`: writes what is made from the configuration's schema, drain.schema.json and docs/configuration.md.
import { writeFileSync } from 'node:fs';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';

await runCommand(async () => {
  await bootstrap();
  const { configSchemaText } = await import('../dist/src/config/json-schema.js');
  const { configReferenceText } = await import('../dist/src/config/reference.js');
  writeFileSync(new URL('../drain.schema.json', import.meta.url), configSchemaText());
  writeFileSync(new URL('../docs/configuration.md', import.meta.url), configReferenceText());
});
