import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSpares } from '../src/spares.js';

test('what is given back is taken again, each once, and no more than so many are kept', () => {
  const spares = createSpares<{ name: string }>(2);
  assert.equal(spares.take(), undefined);
  const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
  for (const one of [a, b, c]) spares.giveBack(one);
  assert.deepEqual(new Set([spares.take(), spares.take()]), new Set([a, b]));
  assert.equal(spares.take(), undefined);
  spares.giveBack(c);
  assert.equal(spares.take(), c);
});
