import type { PipelineSettings, Settings } from '../config/settings.js';
import { versionOrderOf } from '../drain/version.js';
import { asDrainError } from '../errors.js';
import { inspectAccess, missingActions, serversOf, type Access } from '../mongodb/access.js';
import type { Address } from '../mongodb/connection.js';
import { createPipelineSink } from '../mongodb/driver-sink.js';
import { inspectSetup, type SetupItem, type SetupTarget } from '../mongodb/setup.js';
import { failed, type Finding } from './check.js';
import { reached, within } from '../time-limit.js';
import { setupTarget } from './setup.js';
import { count } from './table.js';

/**
 * Which servers were reached and as whom; for each pipeline, whether its collections can be written with the guard, which rights
 * a run would miss, and what `setup` would still make.
 */
export async function checkMongodb(settings: Settings): Promise<Finding[]> {
  try {
    const access = await reachedAccess(settings.mongodb);
    const pipelines = [...settings.pipelines.values()];
    const findings = pipelines.map((pipeline) => checkPipeline(settings, pipeline, access));
    return [accessFinding(access), ...(await Promise.all(findings)).flat()];
  } catch (error) {
    return [failed('mongodb', null, error)];
  }
}

const REMEDY = 'check the hosts in mongodb.uri and firewalls on the way';

/** Only this has to show whether MongoDB can be reached: whoever has answered it may take its time for the collections. */
function reachedAccess(address: Address): Promise<Access> {
  const what = `MongoDB at ${serversOf(address)}`;
  return reached(inspectAccess(address), what, 'MONGODB_UNAVAILABLE', REMEDY);
}

function accessFinding({ hosts, replicaSet, tls, users }: Access): Finding {
  const names = users.map(({ user, database }) => `as "${user}" of database "${database}"`);
  const who = names.length === 0 ? 'without authentication' : names.join(' and ');
  const set = replicaSet === null ? '' : `replica set ${replicaSet}, `;
  const how = tls ? 'over TLS' : 'without TLS';
  return { area: 'mongodb', pipeline: null, state: 'ok', text: `${set}${hosts.join(', ')} ${how}: ${who}` };
}

async function checkPipeline(
  settings: Settings,
  pipeline: PipelineSettings,
  access: Access,
): Promise<Finding[]> {
  const rights: Finding[] = [];
  try {
    const target = await setupTarget(settings, pipeline);
    rights.push(...rightsMissing(target, pipeline, access));
    await within(checkCollections(target, pipeline), 'MongoDB', 'MONGODB_UNAVAILABLE');
    const setup = within(checkSetup(target, pipeline), 'MongoDB', 'MONGODB_UNAVAILABLE');
    return [...rights, await setup.catch(unseen(pipeline))];
  } catch (error) {
    return [...rights, failed('mongodb', pipeline.name, error)];
  }
}

/** Runs need no right to look at indexes. */
function unseen({ name }: PipelineSettings): (error: unknown) => Finding {
  return (error) => {
    const finding = failed('mongodb', name, error);
    return asDrainError(error).code === 'MONGODB_REFUSED' ? { ...finding, state: 'warning' } : finding;
  };
}

function rightsMissing(
  { database, collections, deadLetterCollection }: SetupTarget,
  { name, deletes }: PipelineSettings,
  { users, privileges }: Access,
): Finding[] {
  // where nobody needs a name, everybody may do everything
  if (users.length === 0) return [];
  const writing = ['find', 'insert', 'update', ...(deletes === 'hard' ? ['remove'] : [])];
  const wanted = [
    ...collections.map((collection) => ({ collection, actions: writing })),
    { collection: deadLetterCollection, actions: ['insert'] },
  ];
  const texts = wanted.flatMap(({ collection, actions }) => {
    const missing = missingActions(privileges, database, collection, actions);
    return missing.length === 0 ? [] : [`${missing.join(', ')} on ${database}.${collection}`];
  });
  if (texts.length === 0) return [];
  const text = `the user has no right to ${texts.join('; ')}: runs will be refused; see docs/security.md`;
  return [{ area: 'mongodb', pipeline: name, state: 'warning', text }];
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
