import { parseConfiguration, type Configuration } from '../../src/config/load.js';
import type { PipelineSettings } from '../../src/config/settings.js';
import { DrainError } from '../../src/errors.js';

export interface Surroundings {
  environment?: Record<string, string>;
  /** Contents by path. */
  files?: Record<string, string>;
  worldReadable?: string[];
}

/** The configuration in a text, with files and environment that exist only here. */
export function configurationFrom(text: string, surroundings: Surroundings = {}): Configuration {
  const { environment = {}, files = {}, worldReadable = [] } = surroundings;
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return content;
  };
  const isWorldReadable = (path: string): boolean => worldReadable.includes(path);
  const locate = (path: string): string => `/etc/drain/${path}`;
  const isOwnWorldReadable = (): boolean => worldReadable.includes('drain.yaml');
  const own = { readFile, isWorldReadable, isOwnWorldReadable, locate };
  return parseConfiguration(text, 'drain.yaml', { environment, ...own });
}

/** The lines that list the mistakes of a configuration, without their indentation; empty where it has none. */
export function mistakesIn(text: string, surroundings: Surroundings = {}): string[] {
  return messageFor(text, surroundings)
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

/** The whole message that refuses a configuration; empty where it is accepted. */
export function messageFor(text: string, surroundings: Surroundings = {}): string {
  try {
    configurationFrom(text, surroundings);
    return '';
  } catch (error) {
    if (error instanceof DrainError && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
}

export interface Parts {
  kafka?: string;
  mongodb?: string;
  worker?: string;
  /** YAML in one line: `{ topic: orders }`. */
  orders?: string;
}

/** A complete configuration, one section a line: kafka 1, mongodb 2, worker 3, pipelines 4, `orders` 5. */
export function configuration(parts: Parts = {}): string {
  const {
    kafka = '{ brokers: [localhost:9092] }',
    mongodb = '{ uri: mongodb://localhost, database: shop }',
  } = parts;
  const { worker = '{ taskQueue: kafka-drain }', orders = '{ topic: orders }' } = parts;
  return `kafka: ${kafka}\nmongodb: ${mongodb}\nworker: ${worker}\npipelines:\n  orders: ${orders}\n`;
}

/** The settings of `orders`, given its YAML. */
export function pipelineFrom(orders: string): PipelineSettings {
  const pipeline = configurationFrom(configuration({ orders })).settings.pipelines.get('orders');
  if (pipeline === undefined) throw new Error('the pipeline orders is missing');
  return pipeline;
}
