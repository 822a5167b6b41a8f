import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { loadSettings } from '../../src/config/load.js';
import { canonicalJson } from '../../src/config/fingerprint.js';
import type { PipelineSettings } from '../../src/config/settings.js';
import { withPresentTransform } from '../../src/config/transform.js';
import { temporaryFolder } from '../support/stack.js';
import { configuration, configurationFrom, mistakesIn, pipelineFrom } from './builders.js';

const ORDERS = '{ topic: orders, transform: ./orders.js }';

/** The settings of `orders` with a transform of this content. */
function transforming(content: string, orders = ORDERS): PipelineSettings {
  const files = { './orders.js': content, './other.js': content };
  const pipeline = configurationFrom(configuration({ orders }), { files }).settings.pipelines.get('orders');
  assert.ok(pipeline !== undefined);
  return pipeline;
}

describe('the transform of a pipeline', () => {
  test('is known by its absolute path and the hash of its content', () => {
    const { transform } = transforming('export default 1;');
    const hash = createHash('sha256').update('export default 1;').digest('hex');
    assert.deepEqual(transform, { file: '/etc/drain/./orders.js', hash });
  });

  test('counts in the fingerprint by its content alone', () => {
    const { fingerprint } = transforming('a');
    assert.notEqual(fingerprint, transforming('b').fingerprint);
    assert.notEqual(fingerprint, pipelineFrom('{ topic: orders }').fingerprint);
    assert.equal(fingerprint, transforming('a', '{ topic: orders, transform: ./other.js }').fingerprint);
  });

  test('leaves no trace in the fingerprint where there is none, so that it stays what it was', () => {
    assert.equal(canonicalJson({ rules: { transform: undefined } }), canonicalJson({ rules: {} }));
  });

  test('must be there, and is reported with all other mistakes', () => {
    assert.deepEqual(
      mistakesIn(configuration({ orders: '{ topic: orders, transform: ./gone.js, until: x }' })),
      [
        'drain.yaml:5:39 pipelines.orders.transform: "./gone.js": cannot be read: there is no such file',
        'drain.yaml:5:57 pipelines.orders.until: "x": expected one of end-offsets, idle',
      ],
    );
  });

  test('must be a module', () => {
    const [mistake = ''] = mistakesIn(configuration({ orders: '{ topic: orders, transform: ./orders.py }' }));
    assert.match(mistake, /pipelines\.orders\.transform: .*the path of a JavaScript or TypeScript module/);
  });

  describe('of change events', () => {
    const mistakes = (rules: string) => {
      const orders = `{ topic: t, envelope: debezium, transform: ./orders.js, ${rules} }`;
      return mistakesIn(configuration({ orders }), { files: { './orders.js': 'a' } });
    };

    test('may not make the document id, since a delete event does not pass it', () => {
      const why =
        'a delete event does not pass the `transform` and would go to another id wherever that changes it; use';
      assert.deepEqual(mistakes('documentId: { field: id }'), [
        `drain.yaml:5:79 pipelines.orders.documentId: ${why} \`documentId: { keyField: <name> }\`, or \`deletes: ignore\``,
      ]);
      assert.deepEqual(mistakes('documentId: { fields: [a, b] }'), [
        `drain.yaml:5:79 pipelines.orders.documentId: ${why} \`documentId: { keyFields: [<name>, …] }\`, or \`deletes: ignore\``,
      ]);
    });

    test('may make the document id where deletes are ignored, and leaves ids of the key alone', () => {
      assert.deepEqual(mistakes('documentId: { field: id }, deletes: ignore'), []);
      assert.deepEqual(mistakes('documentId: { keyField: id }'), []);
      assert.deepEqual(mistakes('documentId: { keyFields: [a, b] }'), []);
    });
  });

  test('may bring the field of the document id to values that have none', () => {
    const rules = 'topic: t, value: string, documentId: { field: id }';
    assert.equal(mistakesIn(configuration({ orders: `{ ${rules} }` })).length, 1);
    assert.deepEqual(transforming('a', `{ ${rules}, transform: ./orders.js }`).documentId, {
      ...{ from: 'field', field: 'id' },
    });
  });
});

describe('the file of a transform', () => {
  const folder = temporaryFolder('transform-config');
  const file = join(folder.path, 'orders.js');
  const configurationFile = join(folder.path, 'drain.yaml');
  after(folder.remove);
  let pipeline: PipelineSettings;
  beforeEach(() => {
    writeFileSync(file, 'export default () => null;');
    writeFileSync(configurationFile, configuration({ orders: ORDERS }));
    const loaded = loadSettings(configurationFile, {}).pipelines.get('orders');
    assert.ok(loaded !== undefined);
    pipeline = loaded;
  });

  test('is found relative to the configuration', () => {
    assert.equal(pipeline.transform?.file, file);
  });

  test('unchanged, leaves everything as it is', () => {
    assert.deepEqual(withPresentTransform(pipeline, 'shop'), pipeline);
  });

  test('edited, gives the pipeline another fingerprint: that of a configuration read by now', () => {
    writeFileSync(file, 'export default () => ({});');
    const present = withPresentTransform(pipeline, 'shop');
    assert.notEqual(present.fingerprint, pipeline.fingerprint);
    assert.deepEqual(present, loadSettings(configurationFile, {}).pipelines.get('orders'));
  });

  test('gone, is an error that names it', () => {
    rmSync(file);
    assert.throws(() => withPresentTransform(pipeline, 'shop'), {
      code: 'CONFIG_INVALID',
      message: /orders\.js cannot be read: there is no such file; put it there, or correct/,
    });
  });
});
