import { pathToFileURL } from 'node:url';
import type { TransformSettings } from '../config/settings.js';
import { isPresent } from '../config/transform.js';
import { DrainError } from '../errors.js';
import type { Transform } from '../transform.js';
import { classOf } from './transform-result.js';

/**
 * The function in the module of a pipeline's transform. Modules are read once by each thread, and a thread with a transform is used
 * once, so that every run has the file as it is by then.
 * Errors: `CONFIG_INVALID`; `CONFIG_MISMATCH` where the file is no longer what the settings were made with.
 */
export async function loadTransform(settings: TransformSettings): Promise<Transform> {
  const { file } = settings;
  if (!isPresent(settings)) {
    throw new DrainError(
      'CONFIG_MISMATCH',
      `the transform ${file} was edited since the run was planned; the next run takes the new one.`,
    );
  }
  const transform = functionIn(await importModule(file));
  if (transform !== null) return transform;
  throw new DrainError(
    'CONFIG_INVALID',
    `the transform ${file} exports no function: export one as default or by the name "transform".`,
  );
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new DrainError('CONFIG_INVALID', `the transform ${file} can't be loaded: ${whyOf(file, error)}`, {
      cause: error,
    });
  }
}

/** What Node.js says of a module it can't load; of what the module itself throws the class alone: it may know secrets. */
function whyOf(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return `Node.js ${process.versions.node} doesn't run TypeScript; compile it to JavaScript, or use Node.js 22.18 or later.`;
  }
  const isLoaders = error instanceof Error && (NOT_LOADED.test(code) || isUncompiled(error));
  return isLoaders
    ? `${error.name}: ${error.message}`
    : `it throws ${classOf(error)}; to see more, import it: node --input-type=module -e "import '${file}'"`;
}

const NOT_LOADED = /^(ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ERR_REQUIRE_|ERR_UNSUPPORTED_|ERR_PACKAGE_)/;

/** Texts of the compiler quote the code alone; a JSON text that is parsed while loading may be anything. */
function isUncompiled(error: Error): boolean {
  return error instanceof SyntaxError && !error.message.includes('JSON');
}

function functionIn(module: Record<string, unknown>): Transform | null {
  const found = [module['default'], module['transform']].find((exported) => typeof exported === 'function');
  return (found as Transform | undefined) ?? null;
}
