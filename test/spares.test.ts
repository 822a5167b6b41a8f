import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSpares } from '../src/spares.js';

/** One that somebody holds. */
function held(name: string) {
  const spare = {
    name,
    isHeld: true,
    forget: () => {
      const wasHeld = spare.isHeld;
      spare.isHeld = false;
      return wasHeld;
    },
  };
  return spare;
}

test('what is given back is taken again, each once, and no more than so many are kept', () => {
  const spares = createSpares<ReturnType<typeof held>>(2);
  assert.equal(spares.take(), undefined);
  const [a, b, c] = [held('a'), held('b'), held('c')];
  for (const one of [a, b, c]) spares.giveBack(one);
  assert.deepEqual(
    [a, b, c].map(({ isHeld }) => isHeld),
    [false, false, false],
  );
  assert.deepEqual(new Set([spares.take(), spares.take()]), new Set([a, b]));
  assert.equal(spares.take(), undefined);
  c.isHeld = true;
  spares.giveBack(c);
  assert.equal(spares.take(), c);
});

test('what is given back twice would be two things at once, and is refused', () => {
  const spares = createSpares<ReturnType<typeof held>>(2);
  const one = held('a');
  spares.giveBack(one);
  assert.throws(() => {
    spares.giveBack(one);
  }, /UNEXPECTED|given back twice/);
  assert.equal(spares.take(), one);
  assert.equal(spares.take(), undefined);
});
