import { clearInterval, setInterval } from 'node:timers';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, root } from './packages.mjs';
import { runQuietly } from './run.mjs';

/**
 * Installs the locked dependencies if `node_modules` isn't exactly what the lockfile says (never installed, lockfile changed,
 * development dependencies left out, an install that broke off). No install script of any package is run.
 */
export async function installIfNeeded(progress, folder = root) {
  if (isInstalled(folder)) return;
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  progress.set('Dependencies', seconds());
  const timer = setInterval(() => progress.set('Dependencies', seconds()), 1_000);
  try {
    await runQuietly({
      ...npm(['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']),
      cwd: folder,
      failure:
        'The dependencies could not be installed with npm: check the network and npm settings (registry, proxy).',
    });
  } finally {
    clearInterval(timer);
    progress.done('Dependencies');
  }
  progress.done('Dependencies', `Installed the dependencies in ${seconds()}.`);
}

/** True when npm's record of what it installed agrees with the lockfile; npm writes that record last, so its absence is a broken install. */
export function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readPackages(join(folder, 'package-lock.json'));
  const installed = readPackages(record);
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

// Under `npm start` the same npm again, otherwise the one on PATH.
function npm(args) {
  const script = process.env.npm_execpath;
  if (script) return { command: process.execPath, args: [script, ...args] };
  if (findOnPath('npm')) return { command: 'npm', args };
  throw new Error('npm is not on PATH: it comes with Node.js.');
}
