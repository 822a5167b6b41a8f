/** What every command gets: where it reads from, where it writes to, and when it must stop. */
import { loadConfiguration, type Configuration } from '../config/load.js';
import type { PipelineSettings, Settings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { Environment } from '../temporal/options.js';
import { createStyle, type Style } from './style.js';

/** 0: done; 1: failed; 2: wrong usage or configuration; 3: `plan --exit-code` found changes; 130: interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 130;

export interface Context {
  environment: Environment;
  configPath: string;
  /** Data as JSON instead of text. */
  json: boolean;
  /** Data, to stdout; a line break is added. */
  print: (text: string) => void;
  /** Talk, to stderr; a line break is added. */
  say: (text: string) => void;
  style: Style;
  /** Aborted by Ctrl-C. */
  interrupted: AbortSignal;
}

export interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

export interface GlobalOptions {
  config: string;
  json?: boolean;
}

export function createContext(
  options: GlobalOptions,
  environment: Environment,
  { stdout, stderr }: Streams,
  interrupted: AbortSignal,
): Context {
  return {
    environment,
    configPath: options.config,
    json: options.json ?? false,
    print: (text) => void stdout.write(`${text}\n`),
    say: (text) => void stderr.write(`${text}\n`),
    style: createStyle(stdout.isTTY && !environment['NO_COLOR']),
    interrupted,
  };
}

/** The configuration; warnings go to stderr. Throws `CONFIG_INVALID`. */
export function configurationOf({ configPath, environment, say, style }: Context): Configuration {
  const configuration = loadConfiguration(configPath, environment);
  for (const warning of configuration.warnings) say(`${style.warning('warning')}: ${warning}`);
  return configuration;
}

/** Its settings alone. */
export function settingsOf(context: Context): Settings {
  return configurationOf(context).settings;
}

/** The pipeline of this name. Throws `PIPELINE_UNKNOWN`, which lists those there are. */
export function pipelineOf(settings: Settings, name: string): PipelineSettings {
  const pipeline = settings.pipelines.get(name);
  if (pipeline !== undefined) return pipeline;
  const names = [...settings.pipelines.keys()].join(', ');
  throw new DrainError(
    'PIPELINE_UNKNOWN',
    `There is no pipeline ${name} in the configuration; there is: ${names}`,
  );
}

/** All pipelines, or the named one. */
export function pipelinesOf(settings: Settings, name: string | undefined): PipelineSettings[] {
  return name === undefined ? [...settings.pipelines.values()] : [pipelineOf(settings, name)];
}

/** Data as JSON with `--json`, otherwise as text. */
export function printData(context: Context, data: unknown, text: () => string): void {
  context.print(context.json ? JSON.stringify(data, null, 2) : text());
}
