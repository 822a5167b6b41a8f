import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRandom } from '../simulator/random.js';
import type { Variant } from './episode.js';
import { nameOf, SHORT_FORM, VARIANTS } from './variants/all.js';
import { startWorld, type World } from './world.js';

/** Decides which record is struck; when exactly that happens, the machine decides. */
const SEED = 1;

const chosen = VARIANTS.filter((variant) => SHORT_FORM.includes(nameOf(variant)));
const alone = chosen.filter(({ needs }) => needs === 'servers');
const sideBySide = chosen.filter(({ needs }) => needs !== 'servers');

/** The short form of `npm run faults`, on servers of its own: real faults, judged by the oracle. */
describe('under real faults the oracle finds no violation:', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  const lives = async (variant: Variant): Promise<void> => {
    const episode = { world, seed: SEED, random: createRandom(SEED), short: true };
    const { times, records, violation } = await variant.run(episode);
    assert.equal(violation, null);
    assert.ok(times > 0 && records > 0, 'struck and judged');
  };

  describe('side by side', { concurrency: 8 }, () => {
    for (const variant of sideBySide) test(`${nameOf(variant)}: ${variant.what}`, () => lives(variant));
  });

  for (const variant of alone) test(`${nameOf(variant)}: ${variant.what}`, () => lives(variant));

  test('each is one that `npm run faults` knows', () => {
    assert.equal(chosen.length, SHORT_FORM.length);
  });
});
