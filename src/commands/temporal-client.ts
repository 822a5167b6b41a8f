/** The command line's connection to Temporal: opened, used, closed, and never waited for without a limit. */
import {
  Client,
  Connection,
  isGrpcServiceError,
  NamespaceNotFoundError,
  ServiceError,
} from '@temporalio/client';
import { DrainError } from '../errors.js';
import { parseAddress } from '../telemetry/address.js';
import { temporalOptions, type Environment } from '../temporal.js';
import type { Context } from './context.js';

const CONNECT_LIMIT_MS = 10_000;
/** Of all questions of one command together; waiting for a run is not one of them. */
const QUESTIONS_LIMIT_MS = 30_000;

export interface Temporal {
  client: Client;
  connection: Connection;
  address: string;
}

/** Runs `use` with a client. Errors: `CONFIG_INVALID`, `TEMPORAL_UNAVAILABLE` and those of `use`. */
export async function withTemporal<T>(
  context: Pick<Context, 'environment'>,
  use: (temporal: Temporal) => Promise<T>,
): Promise<T> {
  const { namespace, connection: options } = temporalOptions(context.environment);
  const connection = await connect(options);
  try {
    return await use({ client: new Client({ connection, namespace }), connection, address: options.address });
  } catch (error) {
    throw asUnavailable(error, options.address, namespace);
  } finally {
    await connection.close();
  }
}

/** As `withTemporal`, for commands that only ask and never wait. */
export function askTemporal<T>(
  context: Pick<Context, 'environment'>,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  return withTemporal(context, ({ client, connection }) =>
    connection.withDeadline(Date.now() + QUESTIONS_LIMIT_MS, () => use(client)),
  );
}

type ConnectionOptions = ReturnType<typeof temporalOptions>['connection'];

async function connect(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect({ ...options, connectTimeout: CONNECT_LIMIT_MS });
  } catch (error) {
    throw unavailable(options.address, error);
  }
}

/** The text says where the address comes from: it is the mistake most often made. */
function unavailable(address: string, error: unknown): DrainError {
  const reason = firstLine(error instanceof Error ? error.message : String(error));
  const text = `Temporal cannot be reached at ${address} (set by TEMPORAL_ADDRESS or temporal.toml): ${reason}`;
  return new DrainError('TEMPORAL_UNAVAILABLE', text, { cause: error });
}

function asUnavailable(error: unknown, address: string, namespace: string): unknown {
  const place = `Temporal at ${address}, namespace ${namespace}`;
  if (error instanceof NamespaceNotFoundError) {
    const text = `${place}: there is no such namespace; correct TEMPORAL_NAMESPACE or temporal.toml`;
    return new DrainError('TEMPORAL_UNAVAILABLE', text, { cause: error });
  }
  const cause: unknown = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause)) return error;
  return new DrainError('TEMPORAL_UNAVAILABLE', `${place}: ${firstLine(cause.message)}`, { cause: error });
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}

/** `temporal server start-dev` puts its Web UI that many ports above. */
const DEV_UI_PORTS_ABOVE = 1_000;

/** Where the Web UI is: `TEMPORAL_UI`, or where the dev server and Temporal Cloud have theirs; `null`: unknown. */
export function uiAddress(environment: Environment): string | null {
  const told = environment['TEMPORAL_UI'];
  if (told !== undefined && told !== '') return told.replace(/\/+$/, '');
  const { address } = temporalOptions(environment).connection;
  const { host, port } = parseAddress(address.includes(':') ? address : `${address}:7233`);
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
