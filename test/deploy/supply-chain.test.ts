import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repositoryFolder } from '../../stack/binaries.js';

interface Locked {
  version?: string;
  license?: string;
  integrity?: string;
  dev?: boolean;
}

const lock = JSON.parse(readFileSync(join(repositoryFolder, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};
const production = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);

const ALLOWED = [
  ...['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'Unlicense'],
  'CC-BY-4.0', // caniuse-lite: data, for the bundler in Temporal's SDK
];
/** Those that tell it in a file only; looked at by hand. */
const BY_FILE: Readonly<Record<string, string>> = { 'node_modules/unionfs': 'Unlicense' };

describe('the packages that production needs', () => {
  test('have licences that ask for no more than their own text', () => {
    const others = production
      .map(([path, { license }]) => [path, license ?? BY_FILE[path] ?? 'none'] as const)
      .filter(([, licence]) => !licence.split(' AND ').every((one) => ALLOWED.includes(one)));
    assert.deepEqual(others, []);
  });

  test('are fixed by their hashes, whatever registry they come from', () => {
    const loose = production.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true);
    assert.deepEqual(
      loose.map(([path]) => path),
      [],
    );
  });

  test('are all in the bill of materials that npm run sbom writes, and those of development are not', () => {
    const { sbom } = (
      JSON.parse(readFileSync(join(repositoryFolder, 'package.json'), 'utf8')) as {
        scripts: Record<string, string>;
      }
    ).scripts;
    const [command = '', ...args] = (sbom ?? '').split(' > ')[0]?.split(' ') ?? [];
    const written = execFileSync(command, args, {
      cwd: repositoryFolder,
      encoding: 'utf8',
      maxBuffer: 32 * 1024 * 1024,
    });
    const { bomFormat, components } = JSON.parse(written) as {
      bomFormat: string;
      components: { name: string; version: string }[];
    };
    assert.equal(bomFormat, 'CycloneDX');
    const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
    for (const name of ['kafkajs', 'mongodb', '@temporalio/worker']) {
      const { version = '' } = lock.packages[`node_modules/${name}`] ?? {};
      assert.ok(listed.has(`${name}@${version}`), name);
    }
    assert.deepEqual(
      [...listed].filter((name) => /^(eslint|typescript|knip)@/.test(name)),
      [],
    );
  });
});
