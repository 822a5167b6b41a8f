import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { repositoryFolder } from '../stack/binaries.js';
import type { StackAddresses } from '../stack/stack.js';

/** What `npm start` runs: the pipeline of this name in drain.yaml. */
export const PIPELINE = 'orders';
const DATABASE = 'shop';

/** The demo's configuration, as files that another terminal can use too. */
export interface DemoFiles {
  /** drain.yaml with the demo's own servers in it. */
  readonly config: string;
  /** Shell lines that point `kafka-drain` at the demo's servers. */
  readonly shell: string;
  /** For the worker and the commands: nothing of the caller's own Kafka, MongoDB or Temporal settings is left in it. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Writes the files. `health` is where the worker says that it is ready, `host:port`. */
export function writeDemoFiles(folder: string, addresses: StackAddresses, health: string): DemoFiles {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'drain.yaml');
  writeFileSync(
    config,
    demoConfig(readFileSync(join(repositoryFolder, 'drain.yaml'), 'utf8'), addresses, health),
  );
  const temporalSettings = join(folder, 'temporal.toml');
  writeFileSync(
    temporalSettings,
    `[profile.default]\naddress = "${addresses.temporal}"\nnamespace = "default"\n`,
  );
  const own = {
    KAFKA_BROKERS: addresses.kafka,
    MONGODB_URI: addresses.mongodb,
    MONGODB_DATABASE: DATABASE,
    TEMPORAL_CONFIG_FILE: temporalSettings,
    TEMPORAL_UI: addresses.ui,
  };
  const shell = join(folder, 'env');
  writeFileSync(shell, shellLines(own));
  return { config, shell, environment: { ...withoutForeignServers(process.env), ...own } };
}

/**
 * The text of a drain.yaml with every address replaced: whatever the file names, somebody's production included, is not touched by
 * the demo. Throws if the demo's pipeline isn't in it.
 */
export function demoConfig(text: string, addresses: StackAddresses, health: string): string {
  const document = parseDocument(text);
  const pipeline = document.getIn(['pipelines', PIPELINE], true);
  if (!pipeline) throw new Error(`drain.yaml has no pipeline ${PIPELINE}, which \`npm start\` runs.`);
  document.commentBefore = ' Made by `npm start` from drain.yaml, with the addresses of its own servers.';
  document.set('kafka', { brokers: [addresses.kafka], clientId: 'kafka-drain' });
  document.set('mongodb', { uri: addresses.mongodb, database: DATABASE });
  document.set('worker', { taskQueue: 'kafka-drain', health });
  document.set('pipelines', { [PIPELINE]: pipeline });
  return document.toString();
}

function withoutForeignServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(TEMPORAL|KAFKA|MONGODB)_/.test(name)));
}

// Settings of the caller's own that would win over the file, or would turn TLS on.
const UNSET =
  'TEMPORAL_ADDRESS TEMPORAL_NAMESPACE TEMPORAL_PROFILE TEMPORAL_API_KEY TEMPORAL_TLS TEMPORAL_TLS_CLIENT_CERT_PATH TEMPORAL_TLS_CLIENT_KEY_PATH TEMPORAL_TLS_SERVER_CA_CERT_PATH TEMPORAL_TLS_SERVER_NAME';

function shellLines(variables: Readonly<Record<string, string>>): string {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
  return `# Made by npm start: \`. .data/demo/env\` points kafka-drain at its servers.\nunset ${UNSET}\n${exports.join('')}`;
}
