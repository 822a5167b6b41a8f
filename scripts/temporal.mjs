// `npm run temporal -- …`: the fetched `temporal` command, talking to the server of `npm start`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './lib/bootstrap.mjs';
import { locate, root } from './lib/packages.mjs';

await runCommand(() => {
  const temporal = locate('temporal');
  if (!temporal) throw new Error('The `temporal` command is not fetched yet: run `npm start` once.');
  const { status, error } = spawnSync(temporal, process.argv.slice(2), {
    stdio: 'inherit',
    env: demoServer(),
  });
  if (error) throw error;
  return status ?? 1;
});

// Nothing of the caller's own Temporal settings: a laptop that points at production stays away from it.
function demoServer() {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  const settings = join(root, '.data', 'demo', 'temporal.toml');
  if (!existsSync(settings)) throw new Error('No server of `npm start` is known here: run `npm start` once.');
  return { ...Object.fromEntries(own), TEMPORAL_CONFIG_FILE: settings };
}
