import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryFolder } from '../../stack/binaries.js';
import type { Edit, Mutant } from './mutant.js';

/** A copy of the compiled code in which mutants are tried; the real one is never touched. */
export interface Workshop {
  /** The compiled file of a test. */
  testFile: (name: string) => string;
  /** Changes the copy; the returned function undoes it. Throws where an edit doesn't fit. */
  apply: (mutant: Mutant) => () => void;
  remove: () => void;
}

/** Copied or left out; everything else at the top is linked. */
const NOT_LINKED: ReadonlySet<string> = new Set(['dist', '.git', '.data']);

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-drain-mutants-'));
  cpSync(join(repositoryFolder, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const entry of readdirSync(repositoryFolder).filter((name) => !NOT_LINKED.has(name))) {
    symlinkSync(join(repositoryFolder, entry), join(folder, entry));
  }
  return {
    testFile: (name) => testFileIn(folder, name),
    apply: (mutant) => apply(folder, mutant),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where a test's compiled file is below the given checkout. */
export function testFileIn(folder: string, name: string): string {
  return join(folder, 'dist', 'test', `${name}.test.js`);
}

function apply(folder: string, mutant: Mutant): () => void {
  const originals = new Map<string, string>();
  const remember = (path: string) => {
    if (!originals.has(path)) originals.set(path, readFileSync(path, 'utf8'));
  };
  const undo = () => {
    for (const [path, text] of originals) writeFileSync(path, text);
  };
  try {
    for (const { file, ...edit } of mutant.edits) {
      const path = sourceFileIn(folder, file);
      const text = readFileSync(path, 'utf8');
      remember(path);
      writeFileSync(path, edited(text, { file, ...edit }));
    }
    for (const path of originals.keys()) checkSyntax(path);
    if (mutant.edits.some(({ file }) => file.startsWith('workflows/'))) {
      // Workers then bundle the workflow's code themselves.
      const bundle = join(folder, 'dist', 'workflow-bundle.js');
      remember(bundle);
      rmSync(bundle);
    }
  } catch (error) {
    undo();
    throw new Error(`mutant "${mutant.name}": ${(error as Error).message}`, { cause: error });
  }
  return undo;
}

function sourceFileIn(folder: string, file: string): string {
  return join(folder, 'dist', 'src', `${file}.js`);
}

/** The text of a compiled file after all edits of a mutant to it; throws where one doesn't fit. */
export function mutated(folder: string, mutant: Mutant, file: string): string {
  const text = readFileSync(sourceFileIn(folder, file), 'utf8');
  return mutant.edits.filter((edit) => edit.file === file).reduce(edited, text);
}

function edited(text: string, { file, find, replace }: Edit): string {
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    const times = after === undefined ? 'is not there' : `is there ${more.length + 1} times`;
    throw new Error(`the text to change in ${file} ${times}: ${find}`);
  }
  return before + replace + after;
}

/** Code that can't even be loaded would be caught by any test. */
function checkSyntax(path: string): void {
  const { status, stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the changed code is none: ${stderr}`);
}
