/**
 * The connection to Temporal, from `TEMPORAL_*` and `temporal.toml` as every Temporal tool reads them; there are no names of
 * our own. Used by the worker and the command line.
 */
import {
  loadClientConfigProfile,
  toClientOptions,
  type ClientConfigProfile,
  type ClientConnectConfig,
} from '@temporalio/envconfig';
import { DrainError } from '../errors.js';
import { certificateText } from '../tls.js';
import { credentialFaults, credentialWarnings } from './credentials.js';
import { firstLine } from './errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_TEMPORAL_ADDRESS = 'localhost:7233';
const DEFAULT_PORT = '7233';
const DEFAULT_NAMESPACE = 'default';

/** For `Connection.connect` and `NativeConnection.connect`; the address always with its port. */
export type TemporalConnection = ClientConnectConfig['connectionOptions'] & { address: string };

export interface TemporalOptions {
  namespace: string;
  connection: TemporalConnection;
  /** What doesn't keep it from being used but should be mended. */
  warnings: string[];
}

/** Throws `CONFIG_INVALID` where the variables or the files can't be used. Files are read now and never again. */
export function temporalOptions(environment: Environment): TemporalOptions {
  const variables = cleaned(environment);
  const profile = load(variables);
  const faults = credentialFaults(profile);
  if (faults.length > 0) throw unreadable(variables, faults.join('; '));
  const { namespace = DEFAULT_NAMESPACE, connectionOptions } = toClientOptions(profile);
  const address = withPort(connectionOptions.address ?? DEFAULT_TEMPORAL_ADDRESS);
  const warnings = credentialWarnings(profile, variables);
  return { namespace, connection: { ...connectionOptions, address }, warnings };
}

function withPort(address: string): string {
  return /:\d+$/.test(address) ? address : `${address}:${DEFAULT_PORT}`;
}

/** How a connection is made and as whom, in words that follow "reached"; never a secret. */
export function accessText({ tls, apiKey }: TemporalConnection): string {
  if (tls === undefined || tls === null || tls === false)
    return apiKey === undefined ? 'without TLS' : 'without TLS, with an API key';
  const { crt } = (tls === true ? {} : tls).clientCertPair ?? {};
  return [
    'with TLS',
    ...(crt === undefined ? [] : [`client certificate ${certificateText(crt)}`]),
    ...(apiKey === undefined ? [] : ['with an API key']),
  ].join(', ');
}

function load(variables: Record<string, string>): ClientConfigProfile {
  try {
    return loadClientConfigProfile({ overrideEnvVars: variables });
  } catch (error) {
    throw unreadable(variables, reasonOf(error), error);
  }
}

function unreadable(variables: Record<string, string>, reason: string, cause?: unknown): DrainError {
  const file = variables['TEMPORAL_CONFIG_FILE'] ?? 'temporal.toml';
  const text = `The Temporal connection (TEMPORAL_* variables, ${file}) cannot be read: ${reason}`;
  return new DrainError('CONFIG_INVALID', text, { cause });
}

function reasonOf(error: unknown): string {
  // the library looks for the profile without looking whether there are any
  if (error instanceof TypeError) return 'the file has no section [profile.default]';
  // further lines quote the file
  return error instanceof Error ? firstLine(error.message) : 'unknown reason';
}

/**
 * Variables that are set but empty count as not set: an empty `TEMPORAL_API_KEY`, usual in containers, would turn TLS on.
 * `TEMPORAL_TLS` is refused unless clear: the library takes every word but `1` and `true`, also `yes`, for "off".
 */
function cleaned(environment: Environment): Record<string, string> {
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  const set: Record<string, string> = Object.fromEntries(entries);
  const tls = set['TEMPORAL_TLS']?.toLowerCase();
  if (tls === undefined) return set;
  if (!['1', 'true', '0', 'false'].includes(tls)) {
    throw new DrainError(
      'CONFIG_INVALID',
      `TEMPORAL_TLS is ${JSON.stringify(tls)}; allowed: 1, true, 0, false`,
    );
  }
  return { ...set, TEMPORAL_TLS: tls };
}
