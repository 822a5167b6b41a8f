/** Why a client gets no further than the door: TLS, authentication, the wrong replica set. */
import { causesOf } from '../causes.js';
import { MongoServerError, MongoServerSelectionError } from 'mongodb';
import type { MongoClient, ServerDescription } from 'mongodb';
import { fileErrorText } from '../config/environment.js';
import { isExpired, tlsFault } from '../tls.js';
import { certificateOf, namesOf, peersOf, type Options } from './connected-by.js';
import type { Fault } from './errors.js';
import { loginText } from './login-fault.js';

type ConnectionFault = Extract<Fault, { kind: 'outage' | 'refused' }>;

/**
 * What an error says of how we connect rather than of a command; `null`: nothing. It is a refusal only where no server could be
 * chosen, and each that was tried fails in a way that waiting doesn't change.
 */
export function connectionFault(error: unknown, { options }: MongoClient): ConnectionFault | null {
  if (error instanceof MongoServerSelectionError) return selectionFault(error, options);
  if (error instanceof MongoServerError) {
    const text = loginText(error, options);
    return text === null ? null : refusedBy(peersOf(options), text);
  }
  if (isFileError(error)) {
    const message = `A file that mongodb.uri names can't be read: ${error.path}: ${fileErrorText(error)}.`;
    return { kind: 'refused', reason: message, message };
  }
  return null;
}

function refusedBy(peers: string, text: string): ConnectionFault {
  return { kind: 'refused', reason: text, message: `MongoDB at ${peers} refused: ${text}.` };
}

function selectionFault({ reason, message }: MongoServerSelectionError, options: Options): ConnectionFault {
  const servers = [...(reason?.servers.values() ?? [])];
  const setName = reason?.setName ?? null;
  // the driver has put away every server that says it is of another one
  if (servers.length === 0 && setName !== null) {
    const text = `none of these servers is a member of the replica set "${setName}": correct replicaSet in mongodb.uri`;
    return refusedBy(peersOf(options), text);
  }
  const states = servers.map((server) => stateOf(server, options));
  const unreachable: ConnectionFault = {
    kind: 'outage',
    reason: `no server could be chosen (${states.join('; ') || message})`,
  };
  return refusalOfAll(servers, options) ?? unreachable;
}

/**
 * One server that only can't be reached may be the primary of the next attempt, and so may one that answers while a primary is
 * being elected: those must name a primary that refuses.
 */
function refusalOfAll(servers: readonly ServerDescription[], options: Options): ConnectionFault | null {
  const failing = servers.filter(({ error }) => error !== null);
  const texts = failing.map(({ error }) => refusalOf(error, options));
  const [server] = failing;
  const [text = null] = texts;
  if (server === undefined || text === null || texts.includes(null)) return null;
  const answering = servers.filter(({ error }) => error === null);
  const refusing = new Set(failing.map(({ address }) => address));
  if (!answering.every(({ primary }) => primary !== null && refusing.has(primary))) return null;
  return refusedBy(server.address, text);
}

/** Where trying again doesn't help; `null`: it may. */
function refusalOf(error: Error | null, options: Options): string | null {
  for (const cause of causesOf<Cause>(error)) {
    const text = tlsFault(cause, namesOf(options), certificateOf(options));
    if (text !== null) return text;
  }
  if (!isHangUp(error) || !isExpired(certificateOf(options))) return null;
  return tlsFault(
    { code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED' },
    namesOf(options),
    certificateOf(options),
  );
}

/** What the driver knows of a server whose first answer it still waits for. */
const NO_ANSWER = 'no answer. Check host and port in mongodb.uri, and firewalls on the way';

function stateOf({ address, type, error }: ServerDescription, options: Options): string {
  if (error === null) return `${address}: ${type === 'Unknown' ? NO_ANSWER : type}`;
  return `${address}: ${refusalOf(error, options) ?? `${error.message}${hintOf(error, options)}`}`;
}

/** mongod says nothing where it doesn't like what it is shown: it hangs up, as one does that is ending. */
function isHangUp(error: Error | null): boolean {
  return causesOf<Cause>(error).some(
    ({ message = '', code }) => /^connection .* closed$/.test(message) || code === 'ECONNRESET',
  );
}

function hintOf(error: Error, options: Options): string {
  if (causesOf<Cause>(error).some(({ code }) => code === 'ENOTFOUND'))
    return '. Check the host name in mongodb.uri';
  if (!isHangUp(error)) return '';
  const { cert, key, tls } = namesOf(options);
  if (!options.tls) return `. If it expects TLS, set ${tls}, or tls=true in mongodb.uri`;
  if (error.message.includes('before secure TLS'))
    return `. If it expects no TLS, remove ${tls} and tls from mongodb.uri`;
  if (certificateOf(options) === null) return `. If it expects a client certificate, set ${cert} and ${key}`;
  return `. It may not accept the client certificate in ${cert}: is it of a CA that the server trusts?`;
}

interface Cause {
  message?: string;
  code?: unknown;
  cause?: unknown;
}

function isFileError(error: unknown): error is NodeJS.ErrnoException & { path: string } {
  return error instanceof Error && 'syscall' in error && 'path' in error && typeof error.path === 'string';
}
