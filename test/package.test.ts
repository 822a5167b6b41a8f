import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { repositoryFolder } from '../stack/binaries.js';
import { temporaryFolder } from './support/stack.js';

interface Manifest {
  bin: Record<string, string>;
  dependencies: Record<string, string>;
}

/** A project with the packed files and, of other packages, only those that the manifest names. */
function install(project: string): string {
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', project],
    {
      cwd: repositoryFolder,
      encoding: 'utf8',
    },
  );
  const modules = join(project, 'node_modules');
  const own = join(modules, 'kafka-drain');
  mkdirSync(own, { recursive: true });
  execFileSync('tar', ['-xzf', join(project, packed.trim()), '-C', own, '--strip-components=1']);
  const { bin, dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(repositoryFolder, 'node_modules', name), join(modules, name));
  }
  return join(own, bin['kafka-drain'] ?? assert.fail('the package has no command'));
}

describe('the package, in a project of its own', () => {
  const project = temporaryFolder('package');
  let cli: string;
  before(() => {
    cli = install(project.path);
  });
  after(project.remove);

  const node = (...args: string[]) =>
    spawnSync(process.execPath, args, {
      cwd: project.path,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });

  test('has the command, which writes a configuration and finds everything it needs to look at the servers', () => {
    const help = node(cli, '--help');
    assert.deepEqual([help.status, help.stderr], [0, '']);
    assert.match(help.stdout, /^Usage: kafka-drain/);
    assert.equal(node(cli, 'init').status, 0);
    const file = join(project.path, 'drain.yaml');
    const written = readFileSync(file, 'utf8');
    writeFileSync(file, written.replaceAll(/localhost:\d+/g, '127.0.0.1:1'));
    const check = spawnSync(process.execPath, [cli, 'check'], {
      ...{ cwd: project.path, encoding: 'utf8' },
      env: { PATH: process.env['PATH'], TEMPORAL_ADDRESS: '127.0.0.1:1' },
    });
    assert.equal(check.status, 1, check.stderr);
    for (const code of ['KAFKA_UNAVAILABLE', 'MONGODB_UNAVAILABLE', 'TEMPORAL_UNAVAILABLE'])
      assert.match(check.stdout, new RegExp(code));
  });

  test('has the helper for tests of a transform', () => {
    writeFileSync(
      join(project.path, 'try.mjs'),
      `import { transformRecord } from 'kafka-drain/testing';
       const done = await transformRecord(({ value }) => value, { key: 'a', value: { b: 1 } });
       console.log(JSON.stringify(done));`,
    );
    const { stdout, stderr } = node('try.mjs');
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), { outcome: 'written', document: { _id: 'a', b: 1 } });
  });

  test('has the types of a transform, the schema for editors, and the bundle of the workflow', () => {
    const own = join(project.path, 'node_modules', 'kafka-drain');
    for (const file of ['dist/src/transform.d.ts', 'drain.schema.json', 'dist/workflow-bundle.js'])
      assert.ok(readFileSync(join(own, file)).length > 0, file);
  });
});
