/** Errors of Temporal's two client libraries, as ours: what doesn't let us in is one thing, what doesn't answer another. */
import { DrainError } from './errors.js';
import { diagnoseTls } from './temporal-handshake.js';
import type { TemporalOptions } from './temporal.js';

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
  const text = chainOf(error)
    .map(({ code, message }) => `${statusName(code)} ${message}`)
    .join(' ');
  if (!REFUSALS.some((refusal) => text.includes(refusal))) return null;
  const own =
    connection.apiKey === undefined
      ? 'set TEMPORAL_API_KEY, or a client certificate that may use it'
      : 'check TEMPORAL_API_KEY: expired, revoked, or of another namespace';
  return refused(connection.address, `it doesn't let us into namespace ${namespace}: ${own}`, error);
}

/** gRPC's status codes in the texts of both libraries: texts are all that the worker's tells. */
const REFUSALS = [
  'code: Unauthenticated',
  'code: PermissionDenied',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'does not have valid authentication credentials',
  'does not have permission to execute',
];

function statusName(code: unknown): string {
  if (code === 16) return 'UNAUTHENTICATED';
  return code === 7 ? 'PERMISSION_DENIED' : '';
}

interface Link {
  code: unknown;
  message: string;
}

function chainOf(error: unknown): Link[] {
  if (!(error instanceof Error)) return [];
  const { code } = error as { code?: unknown };
  return [{ code, message: error.message }, ...chainOf(error.cause)];
}

function refused(address: string, reason: string, cause: unknown): DrainError {
  return new DrainError('TEMPORAL_REFUSED', `Temporal at ${address} refused: ${reason}.`, { cause });
}

/** The text says where the address comes from: it is the mistake most often made. */
function unavailable(error: unknown, { connection: { address } }: Place): DrainError {
  const reason = firstLine(error instanceof Error ? error.message : String(error));
  const text = `Temporal cannot be reached at ${address} (set by TEMPORAL_ADDRESS or temporal.toml): ${reason}`;
  return new DrainError('TEMPORAL_UNAVAILABLE', text, { cause: error });
}

export function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
