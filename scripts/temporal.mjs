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
    env: { ...process.env, ...demoServer() },
  });
  if (error) throw error;
  return status ?? 1;
});

// An address given by the caller wins, so that the same command reaches other servers too.
function demoServer() {
  const settings = join(root, '.data', 'demo', 'temporal.toml');
  if (process.env.TEMPORAL_ADDRESS || !existsSync(settings)) return {};
  return { TEMPORAL_CONFIG_FILE: settings };
}
