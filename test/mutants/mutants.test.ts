import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { repositoryFolder } from '../../stack/binaries.js';
import { MUTANTS } from './list/all.js';
import { PLANTED_BUGS, type Mutant } from './mutant.js';
import { mutated, testFileIn } from './workshop.js';

function misfitOf(mutant: Mutant): string | null {
  try {
    for (const { file } of mutant.edits) mutated(repositoryFolder, mutant, file);
    return null;
  } catch (error) {
    return `${mutant.name}: ${(error as Error).message}`;
  }
}

describe('the mutants', () => {
  test('each change a place that is there exactly once in the compiled code', () => {
    const misfits = MUTANTS.flatMap((mutant) => misfitOf(mutant) ?? []);
    assert.deepEqual(misfits, [], 'a change of the code moved them: adapt test/mutants/list');
  });

  test('are each to be caught by tests that exist', () => {
    for (const { name, tests } of MUTANTS) {
      assert.ok(tests.length > 0, name);
      for (const path of tests) assert.ok(existsSync(testFileIn(repositoryFolder, path)), `${name}: ${path}`);
    }
  });

  test('have names of their own', () => {
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  });

  test('cover every bug that was asked for', () => {
    const covered = new Set(MUTANTS.map(({ bug }) => bug));
    for (const bug of PLANTED_BUGS) assert.ok(covered.has(bug), bug);
  });
});
