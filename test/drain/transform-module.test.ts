import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadTransform } from '../../src/drain/transform-module.js';
import { DrainError } from '../../src/errors.js';
import { temporaryFolder } from '../support/stack.js';

describe("the module of a pipeline's transform", () => {
  const folder = temporaryFolder('transforms');
  after(folder.remove);
  let files = 0;

  /** The settings that a configuration makes of a file with this content. */
  const settingsFor = (text: string, extension = 'mjs') => {
    files += 1;
    const file = join(folder.path, `t${String(files)}.${extension}`);
    writeFileSync(file, text);
    return { file, hash: createHash('sha256').update(text).digest('hex') };
  };

  const FORMS = [
    ['as default', 'export default () => ({ a: 1 });', 'mjs'],
    ['by the name transform', 'export const transform = () => ({ a: 1 });', 'mjs'],
    ['by the name transform, beside another default', 'export default 1; export function transform() { return { a: 1 }; }', 'mjs'], // prettier-ignore
    ['as a CommonJS module', 'module.exports = () => ({ a: 1 });', 'cjs'],
    ['by its name in a CommonJS module', 'exports.transform = () => ({ a: 1 });', 'cjs'],
  ] as const;
  for (const [how, text, extension] of FORMS) {
    test(`may export it ${how}`, async () => {
      const transform = await loadTransform(settingsFor(text, extension));
      assert.deepEqual(transform({ value: {} } as never), { a: 1 });
    });
  }

  const BROKEN = [
    ['exports no function', 'export const transform = 1;', /exports no function: export one as default or/],
    ['has a syntax error', 'export default (', /can't be loaded: SyntaxError: /],
    ['imports what is not there', "import './nothing.mjs'; export default () => null;", /can't be loaded: .*nothing\.mjs/], // prettier-ignore
    ['throws when it is loaded', "throw 'x';", /can't be loaded: it throws something that is no error/],
    ['throws what it knows when it is loaded', "class KeyError extends Error {} throw new KeyError('a secret');", /it throws KeyError; to see more, import it: node [^.]+\.mjs'"$/], // prettier-ignore
    [
      'parses what is no JSON when it is loaded',
      "JSON.parse('a secret');",
      /it throws SyntaxError; to see more/,
    ],
  ] as const;
  for (const [what, text, message] of BROKEN) {
    test(`is refused where it ${what}, by its file`, async () => {
      const settings = settingsFor(text);
      await assert.rejects(loadTransform(settings), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(error.message.includes(settings.file));
        assert.ok(error instanceof DrainError && error.code === 'CONFIG_INVALID');
        return true;
      });
    });
  }

  test('is refused where it is gone', async () => {
    const settings = { file: join(folder.path, 'gone.mjs'), hash: '' };
    await assert.rejects(loadTransform(settings), {
      code: 'CONFIG_INVALID',
      message: /gone\.mjs cannot be read/,
    });
  });

  test('is refused where it is no longer what the run was planned with; the next run may have it', async () => {
    const { file } = settingsFor('export default () => null;');
    await assert.rejects(loadTransform({ file, hash: 'another' }), {
      code: 'CONFIG_MISMATCH',
      retryable: true,
      message: /was edited since the run was planned/,
    });
  });

  test('may be TypeScript where Node.js runs it; elsewhere the error says what to do', async () => {
    const text = 'export default (record: { value: object }): object => record.value;';
    const loaded = loadTransform(settingsFor(text, 'mts'));
    if ('typescript' in process.features && process.features.typescript !== false) {
      assert.equal(typeof (await loaded), 'function');
    } else {
      await assert.rejects(loaded, {
        message: /doesn't run TypeScript; compile it to JavaScript, or use Node\.js 22\.18/,
      });
    }
  });
});
