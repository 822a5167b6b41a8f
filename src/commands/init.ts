/** `kafka-drain init`: a first configuration, with comments. */
import { writeFileSync } from 'node:fs';
import { fileErrorText } from '../config/environment.js';
import { DrainError } from '../errors.js';
import type { Context, ExitCode } from './context.js';

/** Writes the file, unless there is one: that is never overwritten (exit code 2). */
export function init({ configPath, print, say }: Context): ExitCode {
  try {
    writeFileSync(configPath, TEMPLATE, { flag: 'wx' });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = exists ? 'it is there already and is not overwritten' : fileErrorText(error);
    throw new DrainError('CONFIG_INVALID', `${configPath} was not written: ${reason}`, { cause: error });
  }
  print(configPath);
  say(`Edit it, then: kafka-drain check, setup, apply, and start a worker: kafka-drain worker`);
  return 0;
}

/** What a new user edits; a test reads it back. */
export const TEMPLATE = `# yaml-language-server: $schema=./node_modules/kafka-drain/drain.schema.json
#
# Configuration of kafka-drain. \${NAME} and \${NAME:-default} come from the environment; a secret may also be in a file
# that is named by NAME_FILE. The Temporal connection is not here: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, … or temporal.toml.

kafka:
  brokers: ['\${KAFKA_BROKERS:-localhost:9092}']
  # ssl: true # or { ca: ca.pem, cert: client.pem, key: client.key }
  # sasl: { mechanism: scram-sha-512, username: drain, password: '\${KAFKA_PASSWORD}' }

mongodb:
  uri: \${MONGODB_URI:-mongodb://localhost:27017/?replicaSet=rs0} # a replica set
  database: shop

worker:
  taskQueue: kafka-drain
  # health: 0.0.0.0:8080 # /healthz and /readyz
  # metrics: 0.0.0.0:9464 # /metrics, for Prometheus
  # searchAttributes: true # columns for the list of runs; register them with \`kafka-drain setup\`

pipelines:
  orders:
    topic: orders
    # group: drain-orders # the default; its offsets carry over from another consumer of this name
    # collection: orders # the default
    # documentId: key # or { field: orderId }, { keyField: id }, or coordinates (append-only)
    # start: earliest # where a group without committed offsets starts: earliest, latest, fail or { timestamp: … }
    # until: end-offsets # or idle: take new records until nothing arrives for limits.idleTimeout
    # deletes: soft # or hard, ignore
    # deadLetters: { tolerate: all } # or none: the first broken record fails the run
    schedule:
      every: 5m
      # overlap: skip # or buffer-one, buffer-all, cancel-other, terminate-other, allow-all
    limits:
      budget: 4m # a run stops itself after this time and commits
      startToClose: 4m30s # the hard kill
      # idleTimeout: 30s
      # maxRecords: 100000
`;
