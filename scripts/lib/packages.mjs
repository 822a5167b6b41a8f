import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The servers of the local stack: versions, sources and sizes, by name.
 * `megabytes` is what is downloaded, `environment` the variable that names an existing copy instead.
 */
export const packages = JSON.parse(readFileSync(join(root, 'stack', 'packages.json'), 'utf8'));

/** The names of the servers that are needed; some are only for tests, and not fetched for anything else. */
export function serversFor({ tests }) {
  return Object.keys(packages).filter((name) => tests || !packages[name].onlyForTests);
}

/** The per-user folder that keeps fetched servers: `$XDG_CACHE_HOME/kafka-drain` or `~/.cache/kafka-drain`. */
export function cacheFolder(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kafka-drain');
}

/** Where the cache keeps, or will keep, a server. */
export function cachedPath(name, env = process.env) {
  return join(cacheFolder(env), `${name}-${packages[name].version}`, packages[name].entry);
}

/**
 * Finds a server without fetching: named by the environment, on PATH if recent enough, or in the cache.
 * @returns {string | undefined} its path; undefined when it must be fetched
 */
export function locate(name, env = process.env) {
  const { environment, entry, minimumVersion } = packages[name];
  const named = env[environment];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`${environment} names ${named}, which doesn't exist.`);
  }
  const onPath = minimumVersion && findOnPath(entry, env);
  if (onPath && isRecent(onPath, minimumVersion)) return onPath;
  const cached = cachedPath(name, env);
  return existsSync(cached) ? cached : undefined;
}

/** The full path of a program on PATH, or undefined. */
export function findOnPath(program, env = process.env) {
  return (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRecent(program, [major, minor]) {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const found = /(\d+)\.(\d+)\.\d+/.exec(stdout ?? '');
  if (!found) return false;
  return Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor);
}
