import type { PipelineSettings, Settings } from '../config/settings.js';
import { createSink } from '../mongodb/driver-sink.js';
import { inspectSetup } from '../mongodb/setup.js';
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
    await within(checkCollections(settings, pipeline), 'MongoDB', 'MONGODB_UNAVAILABLE');
    return [await within(checkSetup(settings, pipeline), 'MongoDB', 'MONGODB_UNAVAILABLE')];
  } catch (error) {
    return [failed('mongodb', pipeline.name, error)];
  }
}

async function checkCollections(settings: Settings, pipeline: PipelineSettings): Promise<void> {
  const sink = await createSink({ ...setupTarget(settings, pipeline), listener: { alive: () => undefined } });
  try {
    await sink.check();
  } finally {
    await sink.close();
  }
}

async function checkSetup(settings: Settings, pipeline: PipelineSettings): Promise<Finding> {
  const items = await inspectSetup(setupTarget(settings, pipeline));
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
    text: `${settings.mongodb.database}.${pipeline.collection}: indexes and view are there`,
  };
}
