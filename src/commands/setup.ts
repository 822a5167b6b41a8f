/** `kafka-drain setup`: what operating needs besides collections: indexes, views, search attributes. May be repeated. */
import type { PipelineSettings, Settings } from '../config/settings.js';
import { setupCollection, type SetupOutcome, type SetupTarget } from '../mongodb/setup.js';
import { collectionsOf } from './collections.js';
import { pipelinesOf, printData, settingsOf, type Context, type ExitCode } from './context.js';
import { within } from '../time-limit.js';
import { registerSearchAttributes } from './search-attributes.js';
import { table } from './table.js';
import { askTemporal } from './temporal-client.js';

/** One thing that `setup` made or found. */
export interface SetupLine {
  kind: SetupOutcome['kind'] | 'search attribute';
  name: string;
  /** `different`: something else has its name; it was left alone. */
  outcome: SetupOutcome['outcome'];
}

/** Exit code 1 where something else has the name of what is needed. */
export async function setup(context: Context, name: string | undefined): Promise<ExitCode> {
  const settings = settingsOf(context);
  const lines: SetupLine[] = [];
  for (const pipeline of pipelinesOf(settings, name)) {
    const target = await setupTarget(settings, pipeline);
    const outcomes = await within(setupCollection(target), 'MongoDB', 'MONGODB_UNAVAILABLE');
    lines.push(...outcomes.map(({ kind, name: item, outcome }) => ({ kind, name: item, outcome })));
  }
  if (settings.worker.searchAttributes) lines.push(...(await setupSearchAttributes(context)));
  printData(context, lines, () =>
    table(
      ['outcome', 'kind', 'name'],
      lines.map(({ outcome, kind, name: item }) => [outcome, kind, item]),
    ),
  );
  const different = lines.filter(({ outcome }) => outcome === 'different');
  for (const { kind, name: item } of different)
    context.say(
      `${context.style.bad('error')}: the ${kind} ${item} is there, but isn't what is needed; it was left alone`,
    );
  return different.length > 0 ? 1 : 0;
}

export async function setupTarget(settings: Settings, pipeline: PipelineSettings): Promise<SetupTarget> {
  const { mongodb } = settings;
  const { deadLetters, deletes } = pipeline;
  return {
    ...mongodb,
    collections: await collectionsOf(settings, pipeline),
    deadLetterCollection: deadLetters.collection,
    tombstones: deletes === 'soft',
    deadLettersExpireAfterMs: deadLetters.expireAfterMs,
  };
}

async function setupSearchAttributes(context: Context): Promise<SetupLine[]> {
  const { registered, wrong } = await askTemporal(context, registerSearchAttributes);
  const line =
    (outcome: SetupLine['outcome']) =>
    (name: string): SetupLine => ({ kind: 'search attribute', name, outcome });
  return [...registered.map(line('created')), ...wrong.map(({ name }) => name).map(line('different'))];
}
