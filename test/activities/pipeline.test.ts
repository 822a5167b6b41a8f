import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { findPipeline, plannedPipeline } from '../../src/activities/pipeline.js';
import { loadSettings } from '../../src/config/load.js';
import type { Settings } from '../../src/config/settings.js';
import { configuration } from '../config/builders.js';
import { plan } from '../drain/builders.js';
import { temporaryFolder } from '../support/stack.js';

describe('a pipeline whose transform is edited while the worker runs', () => {
  const folder = temporaryFolder('edited-transform');
  const file = join(folder.path, 'orders.js');
  after(folder.remove);
  let settings: Settings;
  beforeEach(() => {
    writeFileSync(file, 'export default () => null;');
    const configurationFile = join(folder.path, 'drain.yaml');
    writeFileSync(configurationFile, configuration({ orders: '{ topic: orders, transform: ./orders.js }' }));
    settings = loadSettings(configurationFile, {});
  });

  const drainOf = (fingerprint: string) => {
    const { limits } = findPipeline(settings, 'orders');
    return { pipeline: 'orders', plan: plan([{}], { fingerprint }), limits };
  };

  test('has the new one in the next plan, without a restart', () => {
    const before = findPipeline(settings, 'orders');
    writeFileSync(file, 'export default () => ({});');
    const now = findPipeline(settings, 'orders');
    assert.notEqual(now.fingerprint, before.fingerprint);
    assert.notEqual(now.transform?.hash, before.transform?.hash);
    assert.equal(plannedPipeline(settings, drainOf(now.fingerprint)).transform?.hash, now.transform?.hash);
  });

  test('does not drain a plan made with the old one, and says so', () => {
    const { fingerprint } = findPipeline(settings, 'orders');
    writeFileSync(file, 'export default () => ({});');
    assert.throws(() => plannedPipeline(settings, drainOf(fingerprint)), {
      code: 'CONFIG_MISMATCH',
      message:
        /the same transform; where it was edited since the run was planned, the next run takes the new one/,
    });
  });
});
