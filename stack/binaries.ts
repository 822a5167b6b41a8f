import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the programs of the local stack are on this machine. */
export interface Binaries {
  readonly java: string;
  /** Folder with the jars of the broker and of Kafka's own tools. */
  readonly kafkaLibs: string;
  readonly mongod: string;
  readonly temporal: string;
}

interface PackageEntry {
  readonly version: string;
  readonly entry: string;
  readonly environment: string;
}

type PackageName = 'kafka' | 'mongod' | 'temporal' | 'registry';

/** The folder of the checkout; this file runs as `dist/stack/binaries.js`. */
export const repositoryFolder = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Finds the programs that `scripts/lib/fetch.mjs` has named in the environment or left in the per-user cache.
 * Fetches nothing itself; throws with the remedy when one is missing.
 */
export function findBinaries(env: NodeJS.ProcessEnv = process.env): Binaries {
  const packages = readPackages();
  return {
    java: env.KAFKA_DRAIN_JAVA ?? (env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java'),
    kafkaLibs: findEntry('kafka', packages, env),
    mongod: findEntry('mongod', packages, env),
    temporal: findEntry('temporal', packages, env),
  };
}

/** The folder of the schema registry, which only `npm test` fetches; throws with the remedy when it is missing. */
export function findRegistry(env: NodeJS.ProcessEnv = process.env): string {
  return findEntry('registry', readPackages(), env);
}

function readPackages(): Record<PackageName, PackageEntry> {
  const text = readFileSync(join(repositoryFolder, 'stack', 'packages.json'), 'utf8');
  return JSON.parse(text) as Record<PackageName, PackageEntry>;
}

function findEntry(
  name: PackageName,
  packages: Record<PackageName, PackageEntry>,
  env: NodeJS.ProcessEnv,
): string {
  const { version, entry, environment } = packages[name];
  const named = env[environment];
  if (named) return named;
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kafka-drain');
  const path = join(cache, `${name}-${version}`, entry);
  if (existsSync(path)) return path;
  throw new Error(
    `No ${name} at ${path}. Run \`${name === 'registry' ? 'npm test -- registry' : 'npm run stack'}\` once to fetch it, or set ${environment}.`,
  );
}
