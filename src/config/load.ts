/** Reading the configuration: text → data → environment → schema → rules → settings. Every mistake is reported at once. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DrainError } from '../errors.js';
import { createFileReader, toKafka, toWorker, type FileReader, type Files } from './connections.js';
import { readDocument, type ConfigDocument } from './document.js';
import { fileErrorText, isMapping, substitute, type Surroundings } from './environment.js';
import { toPipeline } from './pipelines.js';
import type { Problem } from './problem.js';
import { isWorldReadable } from './file-mode.js';
import { inlineSecretWarnings } from './inline-secrets.js';
import { toMongodb } from './mongodb-connection.js';
import { configError, problemLines } from './report.js';
import { nameProblems, pipelineProblems, sharingProblems } from './rules.js';
import { toSchemaRegistry } from './registry-connection.js';
import { KAFKA, MONGODB, SCHEMA_REGISTRY, WORKER, type FileConfig } from './schema.js';
import type { Connections, Settings, TransformSettings } from './settings.js';
import { readTransforms } from './transform.js';
import { readableParts, validate, valueAt, withoutFollowing } from './validate.js';

export interface Configuration {
  settings: Settings;
  /** What doesn't keep the settings from being used but should be mended: lines for people, each with its place. */
  warnings: string[];
  /**
   * What the configuration says of the servers, with every file that it names read anew, so that rotated certificates and
   * passwords need no restart. What is in the configuration itself stays as it was read. `warn` gets what has to be mended
   * now and hadn't when they were last read. Error: `CONFIG_INVALID`.
   */
  connections: (warn?: (warning: string) => void) => Connections;
}

/**
 * The settings in a configuration file. Throws `CONFIG_INVALID`, whose message lists every mistake with file, line, column,
 * path, value and what is allowed; never a secret.
 */
export function loadSettings(path: string, environment: Surroundings['environment']): Settings {
  return loadConfiguration(path, environment).settings;
}

/** As `loadSettings`, with warnings. */
export function loadConfiguration(path: string, environment: Surroundings['environment']): Configuration {
  const folder = dirname(resolve(path));
  return parseConfiguration(readConfigFile(path), path, {
    environment,
    readFile: (file) => readFileSync(resolve(folder, file), 'utf8'),
    isWorldReadable: (file) => isWorldReadable(resolve(folder, file)),
    isOwnWorldReadable: () => isWorldReadable(path),
    locate: (file) => resolve(folder, file),
  });
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const remedy = 'name another with --config, or make one with `kafka-drain init`';
    throw new DrainError(
      'CONFIG_INVALID',
      `The configuration ${path} cannot be read: ${fileErrorText(error)}; ${remedy}`,
      { cause: error },
    );
  }
}

/** As `loadConfiguration`, from a text; `file` is only what mistakes are reported under. */
export function parseConfiguration(
  text: string,
  file: string,
  surroundings: Surroundings & Files,
): Configuration {
  const document = readDocument(text);
  if (document.syntax.length > 0) throw configError(file, document, []);
  const { data, problems: unresolved, warnings: open } = substitute(document.data, surroundings);
  const { config, problems: unfit } = validate(data);
  const refused = withoutFollowing(unfit, unresolved);
  const reader = createFileReader(surroundings);
  const servers = readServers(data, reader);
  const transforms = readTransforms(valueAt(data, ['pipelines']), reader);
  const causes = [...unresolved, ...refused];
  const problems = [...causes, ...withoutFollowing([...ruleProblems(data), ...reader.problems], causes)];
  if (config === null || servers === null || problems.length > 0) throw configError(file, document, problems);
  const settings = { ...servers, pipelines: toPipelines(config, transforms) };
  const own = surroundings.isOwnWorldReadable() ? inlineSecretWarnings(document.data) : [];
  const lines = (warnings: Problem[]): string[] => [...new Set(problemLines(file, document, warnings))];
  const files = lines([...open, ...reader.warnings]);
  const connections = createReadAnew(files, () => {
    const { warnings, ...anew } = readAnew(document, file, surroundings, settings);
    return [anew, lines(warnings)];
  });
  return { settings, warnings: [...files, ...lines(own)], connections };
}

/** @param told what the first reading has warned of: runs come every few minutes, and say only what is new */
function createReadAnew(
  told: readonly string[],
  read: () => [connections: Connections, warnings: string[]],
): Configuration['connections'] {
  let known = told;
  return (warn = () => undefined) => {
    const [connections, warnings] = read();
    for (const warning of warnings) if (!known.includes(warning)) warn(warning);
    known = warnings;
    return connections;
  };
}

/** The database stays: what is read and written must not change while the worker runs. */
function readAnew(
  document: ConfigDocument,
  file: string,
  surroundings: Surroundings & Files,
  { mongodb: { database } }: Settings,
): Connections & { warnings: Problem[] } {
  const { data, problems, warnings: open } = substitute(document.data, surroundings);
  const reader = createFileReader(surroundings);
  const servers = readServers(data, reader);
  const mistakes = [...problems, ...reader.problems];
  if (servers === null || mistakes.length > 0) throw configError(file, document, mistakes);
  const { kafka, mongodb, schemaRegistry } = servers;
  const warnings = [...open, ...reader.warnings];
  return { kafka, mongodb: { ...mongodb, database }, schemaRegistry, warnings };
}

function toPipelines(
  { pipelines, mongodb: { database } }: FileConfig,
  transforms: ReadonlyMap<string, TransformSettings>,
): Settings['pipelines'] {
  return new Map(
    Object.entries(pipelines).map(([name, written]) => [
      name,
      toPipeline(name, written, database, transforms.get(name)),
    ]),
  );
}

/** Part by part, so that a mistake elsewhere doesn't hide a missing file; `null` where something needed can't be read. */
function readServers(data: unknown, reader: FileReader): Omit<Settings, 'pipelines'> | null {
  const kafka = toKafka(readableKafka(valueAt(data, ['kafka'])), reader);
  const mongodb = toMongodb(readableParts(MONGODB, valueAt(data, ['mongodb'])), reader);
  const worker = toWorker(readableParts(WORKER, valueAt(data, ['worker'])));
  const written = readableParts(SCHEMA_REGISTRY, valueAt(data, ['schemaRegistry']));
  const schemaRegistry = toSchemaRegistry(written, reader);
  return kafka === null || mongodb === null ? null : { kafka, mongodb, schemaRegistry, worker };
}

function readableKafka(written: unknown): Partial<FileConfig['kafka']> {
  const parts = readableParts(KAFKA, written);
  // a mistake in the TLS settings is one; that PLAIN needs TLS would be a second one that isn't there
  return valueAt(written, ['ssl']) === undefined || 'ssl' in parts ? parts : { ...parts, ssl: true };
}

/** Works on whatever is readable, so that a mistake elsewhere doesn't hide a broken rule. */
function ruleProblems(data: unknown): Problem[] {
  const pipelines = valueAt(data, ['pipelines']);
  if (!isMapping(pipelines)) return [];
  const { heartbeatIntervalMs } = toWorker(readableParts(WORKER, valueAt(data, ['worker'])));
  const hasRegistry = valueAt(data, ['schemaRegistry']) !== undefined;
  const own = Object.entries(pipelines).flatMap(([name, written]) =>
    pipelineProblems(written, { heartbeatIntervalMs, hasRegistry }).map((problem) => ({
      ...problem,
      path: ['pipelines', name, ...problem.path],
    })),
  );
  const database = valueAt(data, ['mongodb', 'database']);
  return [...own, ...sharingProblems(pipelines), ...nameProblems(pipelines, database)];
}
