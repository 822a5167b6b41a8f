import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { repositoryFolder } from '../../stack/binaries.js';
import { MUTANTS } from './list/all.js';
import { PLANTED_BUGS } from './mutant.js';
import { mutated, testFileIn } from './workshop.js';

describe('the mutants', () => {
  test('each change a place that is there exactly once in the compiled code', () => {
    for (const mutant of MUTANTS) {
      for (const { file } of mutant.edits) {
        assert.doesNotThrow(() => mutated(repositoryFolder, mutant, file), mutant.name);
      }
    }
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
