import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { checkTransforms } from '../../src/commands/check-transforms.js';
import { loadSettings } from '../../src/config/load.js';
import { configuration } from '../config/builders.js';
import { temporaryFolder } from '../support/stack.js';

describe('the check of transforms', () => {
  const folder = temporaryFolder('check-transforms');
  after(folder.remove);

  test('finds the module that can not be loaded, and is content with the others', async () => {
    writeFileSync(join(folder.path, 'good.mjs'), 'export default () => null;');
    writeFileSync(join(folder.path, 'bad.mjs'), 'export default (');
    const pipelines =
      configuration({ orders: '{ topic: orders, transform: ./good.mjs }' }) +
      '  returns: { topic: returns, transform: ./bad.mjs }\n  plain: { topic: plain }\n';
    const file = join(folder.path, 'drain.yaml');
    writeFileSync(file, pipelines);
    const findings = await checkTransforms(loadSettings(file, {}));
    assert.deepEqual(
      findings.map(({ area, pipeline, state }) => [area, pipeline, state]),
      [
        ['configuration', 'orders', 'ok'],
        ['configuration', 'returns', 'failed'],
      ],
    );
    assert.match(
      findings[1]?.text ?? '',
      /^CONFIG_INVALID: the transform .*bad\.mjs can't be loaded: SyntaxError/,
    );
  });
});
