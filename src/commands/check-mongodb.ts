import type { PipelineSettings, Settings } from '../config/settings.js';
import { versionOrderOf } from '../drain/version.js';
import { createPipelineSink } from '../mongodb/driver-sink.js';
import { inspectSetup, type SetupTarget } from '../mongodb/setup.js';
import { failed, type Finding } from './check.js';
import { within } from '../time-limit.js';
import { setupTarget } from './setup.js';

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
  const names = (state: 'missing' | 'different') =>
    items.filter((item) => item.state === state).map(({ name, purpose }) => `${name} (${purpose})`);
  const different = names('different');
  if (different.length > 0)
    return { ...base, state: 'warning', text: `something else has the name of ${different.join(', ')}` };
  const missing = names('missing');
  if (missing.length > 0)
    return {
      ...base,
      state: 'warning',
      text: `missing: ${missing.join(', ')}; make it with: kafka-drain setup`,
    };
  return {
    ...base,
    state: 'ok',
    text: `${target.database}.${pipeline.collection}: indexes${target.tombstones ? ' and view' : ''} are there`,
  };
}
