import type { PipelineSettings, Settings } from '../config/settings.js';
import { versionOrderOf } from '../drain/version.js';
import { createPipelineSink } from '../mongodb/driver-sink.js';
import { inspectSetup, type SetupItem, type SetupTarget } from '../mongodb/setup.js';
import { failed, type Finding } from './check.js';
import { within } from '../time-limit.js';
import { setupTarget } from './setup.js';
import { count } from './table.js';

/** For each pipeline: whether its collections can be written with the guard, and what `setup` would still make. */
export async function checkMongodb(settings: Settings): Promise<Finding[]> {
  const findings = [...settings.pipelines.values()].map((pipeline) => checkPipeline(settings, pipeline));
  return (await Promise.all(findings)).flat();
}

async function checkPipeline(settings: Settings, pipeline: PipelineSettings): Promise<Finding[]> {
  try {
    const target = await setupTarget(settings, pipeline);
    await within(checkCollections(target, pipeline), 'MongoDB', 'MONGODB_UNAVAILABLE');
    return [await within(checkSetup(target, pipeline), 'MongoDB', 'MONGODB_UNAVAILABLE')];
  } catch (error) {
    return [failed('mongodb', pipeline.name, error)];
  }
}

async function checkCollections(
  { collections, ...target }: SetupTarget,
  pipeline: PipelineSettings,
): Promise<void> {
  const sink = await createPipelineSink({
    ...target,
    versionOrder: versionOrderOf(pipeline.version),
    topics: collections,
    collectionFor: (collection) => collection,
    listener: { alive: () => undefined },
  });
  try {
    await sink.check();
  } finally {
    await sink.close();
  }
}

async function checkSetup(target: SetupTarget, pipeline: PipelineSettings): Promise<Finding> {
  const items = await inspectSetup(target);
  const base = { area: 'mongodb', pipeline: pipeline.name } as const;
  const those = (state: SetupItem['state']) => items.filter((item) => item.state === state);
  const different = those('different').map(({ name, purpose }) => `${name} (${purpose})`);
  if (different.length > 0)
    return { ...base, state: 'warning', text: `something else has the name of ${different.join(', ')}` };
  const missing = those('missing');
  if (missing.length > 0) {
    const kinds = (['index', 'view'] as const).flatMap((kind) => numberOf(kind, missing));
    return {
      ...base,
      state: 'warning',
      text: `${target.database}.${pipeline.collection}: not there yet: ${kinds.join(' and ')}; kafka-drain setup makes them`,
    };
  }
  return {
    ...base,
    state: 'ok',
    text: `${target.database}.${pipeline.collection}: indexes${target.tombstones ? ' and view' : ''} are there`,
  };
}

/** `setup` names them one by one. */
function numberOf(kind: SetupItem['kind'], items: readonly SetupItem[]): string[] {
  const { length } = items.filter((item) => item.kind === kind);
  const plural = kind === 'index' ? 'indexes' : 'views';
  return length === 0 ? [] : [`${count(length)} ${length === 1 ? kind : plural}`];
}
