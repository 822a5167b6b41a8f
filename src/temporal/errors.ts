/** Errors of Temporal's two client libraries, as ours: what doesn't let us in is one thing, what doesn't answer another. */
import { isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { DrainError } from '../errors.js';
import { diagnoseTls } from './handshake.js';
import type { TemporalOptions } from './options.js';

type Place = Pick<TemporalOptions, 'connection' | 'namespace'>;

/** Why no connection came about. Errors: `TEMPORAL_REFUSED`, `TEMPORAL_UNAVAILABLE`. */
export async function connectionError(error: unknown, place: Place): Promise<DrainError> {
  return credentialsError(error, place) ?? (await tlsError(place, error)) ?? unavailable(error, place);
}

/** `null`: nothing is wrong with TLS on either side, as far as a handshake shows. */
export async function tlsError({ connection }: Place, cause?: unknown): Promise<DrainError | null> {
  const fault = await diagnoseTls(connection);
  return fault === null ? null : refused(connection.address, fault, cause);
}

/** The error where a server doesn't accept who we are; `null` for any other. */
export function credentialsError(error: unknown, { connection, namespace }: Place): DrainError | null {
  if (!isRefusal(error)) return null;
  const own =
    connection.apiKey === undefined
      ? 'set TEMPORAL_API_KEY, or a client certificate that may use it'
      : 'check TEMPORAL_API_KEY: expired, revoked, or of another namespace';
  return refused(
    connection.address,
    `it doesn't let us into namespace ${namespace}, or do there what was asked: ${own}`,
    error,
  );
}

const ASK_LIMIT_MS = 5_000;

/**
 * What ended a worker, or kept it from being made. Its library tells a refusal as a text without a status ("Request
 * unauthorized."), or not at all, so that the server is asked once more. Whatever isn't a refusal stays as it is.
 */
export async function workerError(
  error: unknown,
  connection: NativeConnection,
  place: Place,
): Promise<unknown> {
  const known = credentialsError(error, place);
  if (known !== null) return known;
  if (!isTransportError(error) && !(error instanceof DrainError)) return error;
  const { namespace } = place;
  try {
    const ask = () => connection.workflowService.describeNamespace({ namespace });
    await connection.withDeadline(Date.now() + ASK_LIMIT_MS, ask);
    return error;
  } catch (answer) {
    return credentialsError(answer, place) ?? namespaceError(answer, place) ?? error;
  }
}

/** The error where the server has no such namespace; `null` for any other. */
export function namespaceError(
  error: unknown,
  { connection: { address }, namespace }: Place,
): DrainError | null {
  if (!isNamespaceMissing(error)) return null;
  const place = `Temporal at ${address}, namespace ${namespace}`;
  const remedy = `correct TEMPORAL_NAMESPACE or temporal.toml, or make it: temporal operator namespace create --namespace ${namespace}`;
  return new DrainError('TEMPORAL_UNAVAILABLE', `${place}: there is no such namespace; ${remedy}`, {
    cause: error,
  });
}

/** Of what else isn't found, schedules and workflows, the texts are others. */
function isNamespaceMissing(error: unknown): boolean {
  if (error instanceof NamespaceNotFoundError) return true;
  if (!isGrpcServiceError(error)) return false;
  const code: number = error.code;
  return code === NOT_FOUND && /Namespace \S+ is not found/.test(error.message);
}

/** By gRPC's status; of the worker's library only texts are left of it. Errors of runs, whatever they say, are none of these. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isTransportError(error)) return REFUSALS.some((text) => error.message.includes(text));
  if (isGrpcServiceError(error)) return REFUSED.includes(error.code);
  return isRefusal(error.cause);
}

function isTransportError(error: unknown): boolean {
  return error instanceof Error && error.name === 'TransportError';
}

const [NOT_FOUND, PERMISSION_DENIED, UNAUTHENTICATED] = [5, 7, 16];
const REFUSED: readonly number[] = [PERMISSION_DENIED, UNAUTHENTICATED];
const REFUSALS = [
  'code: Unauthenticated',
  'code: PermissionDenied',
  'does not have valid authentication credentials',
  'does not have permission to execute',
];

function refused(address: string, reason: string, cause: unknown): DrainError {
  return new DrainError('TEMPORAL_REFUSED', `Temporal at ${address} refused: ${reason}.`, { cause });
}

/** The text says where the address comes from: it is the mistake most often made. */
function unavailable(error: unknown, { connection: { address } }: Place): DrainError {
  const reason = firstLine(error instanceof Error ? error.message : String(error));
  const text =
    `Temporal cannot be reached at ${address} (set by TEMPORAL_ADDRESS or temporal.toml): ${reason}. ` +
    'Check that address, whether Temporal runs there, and firewalls on the way.';
  return new DrainError('TEMPORAL_UNAVAILABLE', text, { cause: error });
}

export function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
