import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryFolder } from '../../stack/binaries.js';
import { farTicks } from '../../stack/far-ticks.js';

type Settings = Record<string, unknown>;

/** What a scenario names itself. */
const NAMES = ['topic', 'group', 'collection'];

/**
 * The one pipeline of `examples/<name>/drain.yaml` for a scenario: without the names that the scenario gives (`kept` ones
 * stay), and with an interval that no test meets.
 */
export function pipelineOfExample(name: string, kept: readonly string[] = []): Settings {
  const file = join(repositoryFolder, 'examples', name, 'drain.yaml');
  const { pipelines } = parse(readFileSync(file, 'utf8')) as { pipelines: Record<string, Settings> };
  const [pipeline] = Object.values(pipelines);
  if (pipeline === undefined) throw new Error(`${file} has no pipeline`);
  const settings = Object.entries(pipeline).filter(([key]) => kept.includes(key) || !NAMES.includes(key));
  const schedule = { ...(pipeline['schedule'] as Settings), ...farTicks() };
  return { ...Object.fromEntries(settings), schedule };
}
