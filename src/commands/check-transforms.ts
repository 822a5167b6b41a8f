import type { Settings } from '../config/settings.js';
import { loadTransform } from '../drain/transform-module.js';
import { failed, type Finding } from './check.js';

/** Whether the transforms can be loaded. They are: what a module does when it is imported, it does here, too. */
export async function checkTransforms({ pipelines }: Settings): Promise<Finding[]> {
  const findings = [...pipelines.values()].map(async ({ name, transform }): Promise<Finding | null> => {
    if (transform === null) return null;
    try {
      await loadTransform(transform);
      return { area: 'configuration', pipeline: name, state: 'ok', text: `transform ${transform.file}` };
    } catch (error) {
      return failed('configuration', name, error);
    }
  });
  return (await Promise.all(findings)).filter((finding) => finding !== null);
}
