import assert from 'node:assert/strict';
import { test } from 'node:test';

interface Facts {
  readonly platform: string;
  readonly arch: string;
  readonly node: string;
  readonly java: { readonly path: string; readonly major: number } | undefined;
  readonly missing: readonly string[];
  readonly hasMaven: boolean;
  readonly hasPython: boolean;
  readonly hasPip: boolean;
  readonly missingLibraries: readonly string[];
  readonly freeMegabytes: number;
  readonly cache: string;
}

interface Requirements {
  readonly findProblems: (facts: Facts) => string[];
  readonly describeProblems: (problems: string[]) => string;
}

// The scripts run before anything is compiled, so they are not TypeScript and stay where they are.
const scripts = new URL('../../../scripts/lib/', import.meta.url);
const { findProblems, describeProblems } = (await import(
  new URL('requirements.mjs', scripts).href
)) as Requirements;

function facts(overrides: Partial<Facts> = {}): Facts {
  return {
    platform: 'linux',
    arch: 'x64',
    node: '20.19.0',
    java: { path: '/usr/bin/java', major: 17 },
    missing: ['kafka', 'mongod', 'temporal'],
    hasMaven: true,
    hasPython: true,
    hasPip: true,
    missingLibraries: [],
    freeMegabytes: 5_000,
    cache: '/home/someone/.cache/kafka-drain',
    ...overrides,
  };
}

void test('a machine with everything has no problems', () => {
  assert.deepEqual(findProblems(facts()), []);
});

void test('all that is missing is said in one message, each with what to do', () => {
  const problems = findProblems(
    facts({
      java: undefined,
      hasMaven: false,
      hasPython: false,
      hasPip: false,
      missingLibraries: ['libcurl.so.4'],
      freeMegabytes: 10,
    }),
  );
  const message = describeProblems(problems);
  assert.equal(problems.length, 5);
  for (const word of [
    'Java 17',
    'JAVA_HOME',
    'Maven',
    'Python 3 with pip',
    'libcurl4',
    'MB of free disk space',
  ]) {
    assert.match(message, new RegExp(word));
  }
});

void test('an old Java and an old Node.js are named with their versions', () => {
  const [node, java] = findProblems(
    facts({ node: '20.18.1', java: { path: '/opt/jdk-11/bin/java', major: 11 } }),
  );
  assert.match(node ?? '', /20\.19 or newer \(this is 20\.18\.1\)/);
  assert.match(java ?? '', /\/opt\/jdk-11\/bin\/java is Java 11/);
});

void test('another platform matters only while binaries must be fetched', () => {
  assert.equal(findProblems(facts({ platform: 'darwin', arch: 'arm64' })).length, 1);
  assert.deepEqual(findProblems(facts({ platform: 'darwin', arch: 'arm64', missing: ['kafka'] })), []);
});
