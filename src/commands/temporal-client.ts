/** The command line's connection to Temporal: opened, used, closed, and never waited for without a limit. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { DrainError } from '../errors.js';
import { parseAddress } from '../telemetry/address.js';
import {
  connectionError,
  credentialsError,
  firstLine,
  namespaceError,
  tlsError,
} from '../temporal/errors.js';
import { accessText, temporalOptions, type Environment, type TemporalOptions } from '../temporal/options.js';
import type { Context } from './context.js';

/** With the look for the reason afterwards (3 s) it ends with `REACH_LIMIT_MS`. */
const CONNECT_LIMIT_MS = 8_000;
/** Whoever isn't connected by then looks for the reason, while going on trying. */
const PATIENCE_MS = 1_000;
/** Of all questions of one command together; waiting for a run is not one of them. */
const QUESTIONS_LIMIT_MS = 30_000;

export interface Temporal extends Pick<TemporalOptions, 'warnings'> {
  client: Client;
  connection: Connection;
  address: string;
  /** How it was reached and as whom; see `accessText`. */
  access: string;
}

/** Runs `use` with a client. Errors: `CONFIG_INVALID`, `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED` and those of `use`. */
export async function withTemporal<T>(
  context: Pick<Context, 'environment'>,
  use: (temporal: Temporal) => Promise<T>,
): Promise<T> {
  const options = temporalOptions(context.environment);
  const { namespace, warnings } = options;
  const { address } = options.connection;
  const access = accessText(options.connection);
  const connection = await connect(options);
  try {
    return await use({
      client: new Client({ connection, namespace }),
      connection,
      address,
      access,
      warnings,
    });
  } catch (error) {
    throw credentialsError(error, options) ?? namespaceError(error, options) ?? asUnavailable(error, options);
  } finally {
    await connection.close();
  }
}

/** As `withTemporal`, for commands that only ask and never wait. */
export function withQuestions<T>(
  context: Pick<Context, 'environment'>,
  use: (temporal: Temporal) => Promise<T>,
): Promise<T> {
  return withTemporal(context, (temporal) =>
    temporal.connection.withDeadline(Date.now() + QUESTIONS_LIMIT_MS, () => use(temporal)),
  );
}

/** As `withQuestions`, with the client alone. */
export function askTemporal<T>(
  context: Pick<Context, 'environment'>,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  return withQuestions(context, ({ client }) => use(client));
}

/** grpc-js goes on trying for the whole limit without a word, so that the reason is looked for beside it. */
async function connect(options: TemporalOptions): Promise<Connection> {
  const connection = Connection.lazy({ ...options.connection, connectTimeout: CONNECT_LIMIT_MS });
  const connected = connection.ensureConnected();
  try {
    await Promise.race([connected, refusal(connected, options)]);
    return connection;
  } catch (error) {
    await connection.close();
    throw error instanceof DrainError ? error : await connectionError(error, options);
  }
}

/** Rejects where TLS is to blame; otherwise ends as `connected` does. */
async function refusal(connected: Promise<void>, options: TemporalOptions): Promise<void> {
  const isConnected = await Promise.race([
    connected.then(() => true),
    delay(PATIENCE_MS, false, { ref: false }),
  ]);
  const error = isConnected ? null : await tlsError(options);
  if (error !== null) throw error;
  await connected;
}

function asUnavailable(error: unknown, { connection: { address }, namespace }: TemporalOptions): unknown {
  const cause: unknown = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause)) return error;
  const text = `Temporal at ${address}, namespace ${namespace}: ${firstLine(cause.message)}`;
  return new DrainError('TEMPORAL_UNAVAILABLE', text, { cause: error });
}

/** `temporal server start-dev` puts its Web UI that many ports above. */
const DEV_UI_PORTS_ABOVE = 1_000;

/** Where the Web UI is: `TEMPORAL_UI`, or where the dev server and Temporal Cloud have theirs; `null`: unknown. */
export function uiAddress(environment: Environment): string | null {
  const told = environment['TEMPORAL_UI'];
  if (told !== undefined && told !== '') return told.replace(/\/+$/, '');
  const { address } = temporalOptions(environment).connection;
  const { host, port } = parseAddress(address);
  if (/\.(tmprl\.cloud|temporal\.io)$/.test(host)) return 'https://cloud.temporal.io';
  const local = ['localhost', '127.0.0.1', '::1'].includes(host);
  return local ? `http://${host === '::1' ? '[::1]' : host}:${port + DEV_UI_PORTS_ABOVE}` : null;
}

/** The page of a run in the Web UI. */
export function runUrl(
  ui: string | null,
  namespace: string,
  workflowId: string,
  runId: string,
): string | null {
  if (ui === null) return null;
  return `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
}
