import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './packages.mjs';
import { runQuietly } from './run.mjs';

const SOURCES = ['src', 'stack', 'demo', 'test', 'bench'];
const SETTINGS = ['tsconfig.json', 'package-lock.json', 'scripts/bundle.mjs'];
const MARKER = join(root, 'dist', '.built-from');

/** Compiles everything and makes the workflow bundle, if a source is newer than the last complete build; takes milliseconds otherwise. */
export async function buildIfNeeded(progress) {
  const inputs = fingerprint();
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === inputs) return;
  const started = Date.now();
  progress.set('Building', '');
  rmSync(MARKER, { force: true });
  removeStaleOutput();
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    await run([tsc, '--pretty', 'false'], 'The TypeScript sources do not compile.');
    await run([join(root, 'scripts', 'bundle.mjs')], 'The workflow bundle could not be made.');
  } finally {
    progress.done('Building');
  }
  writeFileSync(MARKER, inputs);
  progress.done('Building', `Built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

function run(args, failure) {
  return runQuietly({ command: process.execPath, args, cwd: root, failure });
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const path of [...SOURCES.flatMap(sourceFiles), ...SETTINGS.map((name) => join(root, name))]) {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${relative(root, path)} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

function sourceFiles(folder) {
  return filesBelow(join(root, folder)).filter((path) => path.endsWith('.ts'));
}

// A test whose source was deleted or renamed must not run on, and the compiler only emits again what changed.
function removeStaleOutput() {
  for (const folder of SOURCES) {
    const sources = new Set(sourceFiles(folder).map(outputOf));
    const outputs = filesBelow(join(root, 'dist', folder)).filter((path) => path.endsWith('.js'));
    for (const path of outputs.filter((output) => !sources.has(output))) {
      rmSync(path);
      rmSync(`${path}.map`, { force: true });
    }
    if (outputs.length < sources.size) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
  }
}

function outputOf(source) {
  return join(root, 'dist', relative(root, source).replace(/\.ts$/, '.js'));
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
