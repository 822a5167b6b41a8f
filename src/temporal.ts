/**
 * The connection to Temporal, from `TEMPORAL_*` and `temporal.toml` as every Temporal tool reads them; there are no names of
 * our own. Used by the worker and the command line.
 */
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { DrainError } from './errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_TEMPORAL_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';

export interface TemporalOptions {
  namespace: string;
  /** For `Connection.connect` and `NativeConnection.connect`. */
  connection: ClientConnectConfig['connectionOptions'] & { address: string };
}

/** Throws `CONFIG_INVALID` where the variables or the file can't be used. */
export function temporalOptions(environment: Environment): TemporalOptions {
  const { namespace, connectionOptions } = load(cleaned(environment));
  const address = connectionOptions.address ?? DEFAULT_TEMPORAL_ADDRESS;
  return { namespace: namespace ?? DEFAULT_NAMESPACE, connection: { ...connectionOptions, address } };
}

function load(environment: Record<string, string>): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars: environment });
  } catch (error) {
    const file = environment['TEMPORAL_CONFIG_FILE'] ?? 'temporal.toml';
    const reason = reasonOf(error);
    throw new DrainError(
      'CONFIG_INVALID',
      `The Temporal connection (TEMPORAL_* variables, ${file}) cannot be read: ${reason}`,
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  // the library looks for the profile without looking whether there are any
  if (error instanceof TypeError) return 'the file has no section [profile.default]';
  // further lines quote the file
  return (error instanceof Error ? error.message.split('\n')[0] : undefined) ?? 'unknown reason';
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
