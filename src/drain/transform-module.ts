import { pathToFileURL } from 'node:url';
import type { TransformSettings } from '../config/settings.js';
import { isPresent } from '../config/transform.js';
import { DrainError } from '../errors.js';
import type { Transform } from '../transform.js';

/**
 * The function in the module of a pipeline's transform. Modules are read once by each thread, so that every run has the file as
 * it is by then. Errors: `CONFIG_INVALID`; `CONFIG_MISMATCH` where the file is no longer what the settings were made with.
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
    throw new DrainError('CONFIG_INVALID', `the transform ${file} can't be loaded: ${whyOf(error)}`, {
      cause: error,
    });
  }
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it throws something that is no error.';
  if ('code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return `Node.js ${process.versions.node} doesn't run TypeScript; compile it to JavaScript, or use Node.js 22.18 or later.`;
  }
  return `${error.name}: ${error.message}`;
}

function functionIn(module: Record<string, unknown>): Transform | null {
  const found = [module['default'], module['transform']].find((exported) => typeof exported === 'function');
  return (found as Transform | undefined) ?? null;
}
