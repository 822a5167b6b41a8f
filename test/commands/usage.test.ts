import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { temporaryFolder } from '../support/stack.js';
import { configuration } from '../config/builders.js';
import { kafkaDrain } from './cli.js';

describe('the command line', () => {
  const folder = temporaryFolder('cli');
  after(folder.remove);
  const call = (...args: string[]) => kafkaDrain(args, { folder: folder.path });

  test('lists its commands and exit codes', async () => {
    const { code, stdout } = await call('--help');
    assert.equal(code, 0);
    for (const word of [
      'worker',
      'check',
      'setup',
      'plan',
      'apply',
      'run',
      'lag',
      'runs',
      'init',
      'Exit codes',
    ]) {
      assert.match(stdout, new RegExp(`\\b${word}\\b`));
    }
  });

  for (const args of [
    ['nope'],
    ['runs'],
    ['run'],
    ['lag', '--nope'],
    ['runs', 'orders', '--limit', '0'],
    [],
  ]) {
    test(`exits with 2 on wrong usage and prints nothing on stdout: kafka-drain ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await call(...args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /Usage: kafka-drain|error: /);
    });
  }

  for (const command of ['list', 'replay', 'discard']) {
    test(`dead-letters ${command} refuses a code that no dead letter can have, and names those there are`, async () => {
      const pipeline = command === 'list' ? [] : ['orders'];
      const { code, stdout, stderr } = await call('dead-letters', command, ...pipeline, '--code', 'NOT_JSN');
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /'NOT_JSN' is invalid\..* DUPLICATE_KEY, .* NOT_JSON, /);
    });
  }

  test('exits with 2 where the configuration is missing, and says how to make one', async () => {
    const { code, stdout, stderr } = await call('lag', '--config', 'nowhere.yaml');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /nowhere\.yaml cannot be read: there is no such file; .*kafka-drain init/);
  });

  describe('given a configuration with mistakes', () => {
    const file = 'mistakes.yaml';
    before(() => {
      const kafka = '{ brokers: [localhost] }';
      writeFileSync(
        join(folder.path, file),
        configuration({ kafka, orders: '{ topic: orders, unti: idle }' }),
      );
    });

    for (const command of ['worker', 'check', 'setup', 'plan', 'apply', 'run orders', 'lag', 'runs orders']) {
      test(`exits with 2 and lists them all: ${command}`, async () => {
        const { code, stdout, stderr } = await call(...command.split(' '), '--config', file);
        assert.deepEqual([code, stdout], [2, '']);
        assert.match(stderr, /^error: CONFIG_INVALID: 2 mistakes in the configuration:$/m);
        assert.match(stderr, /^ {2}mistakes\.yaml:1:20 kafka\.brokers\[0\]: "localhost": expected/m);
        assert.match(
          stderr,
          /^ {2}mistakes\.yaml:5:28 pipelines\.orders\.unti: unknown key; did you mean until\?$/m,
        );
      });
    }
  });

  test('exits with 2 where there is no such pipeline, and lists those there are', async () => {
    writeFileSync(join(folder.path, 'good.yaml'), configuration());
    for (const command of ['run', 'runs', 'lag', 'setup']) {
      const { code, stderr } = await call(command, 'returns', '--config', 'good.yaml');
      assert.equal(code, 2);
      assert.match(
        stderr,
        /PIPELINE_UNKNOWN: There is no pipeline returns in the configuration; there is: orders/,
      );
    }
  });
});

describe('init', () => {
  const folder = temporaryFolder('init');
  after(folder.remove);

  test('writes a commented configuration that can be used, and never overwrites one', async () => {
    const file = join(folder.path, 'drain.yaml');
    const { code, stdout } = await kafkaDrain(['init'], { folder: folder.path });
    assert.deepEqual([code, stdout], [0, 'drain.yaml\n']);
    writeFileSync(file, 'mine');
    const second = await kafkaDrain(['init'], { folder: folder.path });
    assert.equal(second.code, 2);
    assert.match(second.stderr, /drain\.yaml was not written: it is there already/);
    assert.equal(readFileSync(file, 'utf8'), 'mine');
  });

  test('writes where --config says', async () => {
    const { code } = await kafkaDrain(['init', '--config', 'other.yaml'], { folder: folder.path });
    assert.equal(code, 0);
    assert.ok(existsSync(join(folder.path, 'other.yaml')));
  });
});
