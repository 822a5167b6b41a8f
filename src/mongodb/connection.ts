import { MongoClient } from 'mongodb';
import type { MongoClientOptions } from 'mongodb';
import type { TlsSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { tlsIdentity } from '../tls.js';

/** No wait on MongoDB may be longer, since it must stay under the stall timeout of a drain (20 s). */
export const LONGEST_WAIT_MS = 15_000;
/** Under the socket's timeout, so that the server ends a slow command before we stop listening for its reply. */
export const COMMAND_TIME_LIMIT_MS = 12_000;

/** Every write is acknowledged by a majority, or isn't acknowledged. */
export const WRITE_CONCERN = { w: 'majority', wtimeout: 10_000 } as const;

const FORCED: MongoClientOptions = {
  appName: 'kafka-drain',
  // The driver's bookkeeping costs as much as half an update, and idempotent batches are resent by ourselves.
  retryWrites: false,
  retryReads: false,
  readPreference: 'primary',
  readConcernLevel: 'local',
  writeConcern: { w: WRITE_CONCERN.w, wtimeoutMS: WRITE_CONCERN.wtimeout },
  connectTimeoutMS: 10_000,
  serverSelectionTimeoutMS: 10_000,
  socketTimeoutMS: LONGEST_WAIT_MS,
  waitQueueTimeoutMS: LONGEST_WAIT_MS,
  // Three slices of two batches, each of up to three commands: one that waits for a connection uses up its own time.
  maxPoolSize: 18,
  minPoolSize: 0,
};

/** Names in a URI that ours replace, or that would contradict ours. */
const OVERRIDDEN: ReadonlySet<string> = new Set(
  [
    ...Object.keys(FORCED),
    ...[
      'w',
      'wtimeout',
      'wtimeoutMS',
      'journal',
      'j',
      'readPreferenceTags',
      'maxStalenessSeconds',
      'timeoutMS',
    ],
  ].map((name) => name.toLowerCase()),
);

/** How a server is reached. */
export interface Address {
  uri: string;
  /** Beside what the URI says of TLS; `null`: nothing. */
  tls?: TlsSettings | null;
}

/**
 * A client whose concerns, preferences and time limits are ours whatever the URI says; hosts and credentials are the URI's.
 * Doesn't connect yet. Error: `CONFIG_INVALID`, without the URI.
 */
export function openClient({ uri, tls = null }: Address): MongoClient {
  try {
    // The driver refuses `minVersion`; Node's own least version is 1.2.
    const secured = tls === null ? {} : { tls: true, ...tlsIdentity(tls) };
    return new MongoClient(withoutOverridden(uri), { ...FORCED, ...secured, rejectUnauthorized: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // Some of the driver's texts quote the URI, and with it the password.
    const reason = text.includes('://') ? "it isn't a connection string" : text;
    throw new DrainError('CONFIG_INVALID', `mongodb.uri can't be used: ${reason}`);
  }
}

/** The URI without the options that we force. */
export function withoutOverridden(uri: string): string {
  const [address, query] = splitOnce(uri, '?');
  if (query === undefined) return uri;
  const kept = query.split('&').filter((option) => {
    const [name] = splitOnce(option, '=');
    return !OVERRIDDEN.has(name.toLowerCase());
  });
  return kept.length === 0 ? address : `${address}?${kept.join('&')}`;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
