/**
 * Why there is no connection to Temporal. Its libraries tell little ("transport error") or nothing ("before the deadline"), so
 * that the handshake is made once more, by Node itself, which knows.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsSettings } from '../config/settings.js';
import { parseAddress } from '../telemetry/address.js';
import type { TemporalConnection } from './options.js';
import { NO_TLS_FILES, tlsFault, tlsOptions, type TlsNames } from '../tls.js';

/** A server that speaks at all does so in milliseconds. */
const LIMIT_MS = 3_000;
/** What opens HTTP/2: the preface and empty settings. A server that accepts the client answers with its own. */
const OPENING = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1');
const WITHOUT_CERTIFICATE = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
const CERTIFICATE_REFUSED = 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN';
const NAMES: TlsNames = {
  ca: 'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  cert: 'TEMPORAL_TLS_CLIENT_CERT_PATH',
  key: 'TEMPORAL_TLS_CLIENT_KEY_PATH',
  address: 'TEMPORAL_ADDRESS (another that it has: TEMPORAL_TLS_SERVER_NAME)',
  tls: 'TEMPORAL_TLS',
};

/** Whom the worker's library trusts isn't what Node trusts, which makes the handshake here. */
const NAMES_WITHOUT_CA: TlsNames = {
  ...NAMES,
  ca: `${NAMES.ca}, which is not set, nor by an authority that Node.js trusts (a worker trusts those of the operating system instead)`,
};

/** What is wrong between our TLS settings and the server's, with the remedy; `null`: nothing that a handshake shows. */
export function diagnoseTls({ address, tls }: TemporalConnection): Promise<string | null> {
  return tls ? diagnoseHandshake(address, tls === true ? {} : tls) : diagnosePlaintext(address);
}

type TlsConfig = Exclude<TemporalConnection['tls'], boolean | null | undefined>;

async function diagnoseHandshake(address: string, tls: TlsConfig): Promise<string | null> {
  const { serverRootCACertificate, clientCertPair, serverNameOverride } = tls;
  const settings: TlsSettings = {
    ca: textOf(serverRootCACertificate),
    cert: textOf(clientCertPair?.crt),
    key: textOf(clientCertPair?.key),
    passphrase: null,
  };
  const end = await handshake(address, settings, serverNameOverride ?? null);
  if (end instanceof Error)
    return tlsFault(end, settings.ca === null ? NAMES_WITHOUT_CA : NAMES, settings.cert);
  if (end !== 'closed') return null;
  // TLS 1.3: the server looks at the client's certificate when the client is through, and some close without an alert;
  // so do load balancers that have nobody to pass a connection to
  const code = settings.cert === null ? WITHOUT_CERTIFICATE : CERTIFICATE_REFUSED;
  const first = tlsFault({ code }, NAMES, settings.cert) ?? '';
  return `it takes the TLS handshake and then closes the connection without a word; most likely ${first}; otherwise there is no Temporal behind this address: look at what ${NAMES.address} names and at a load balancer on the way`;
}

async function diagnosePlaintext(address: string): Promise<string | null> {
  if ((await handshake(address, null, null)) !== 'closed') return null;
  const end = await handshake(address, NO_TLS_FILES, null);
  const isTls = end === 'accepted' || (end instanceof Error && tlsFault(end, NAMES, null) !== null);
  return isTls ? `this port speaks TLS only: set ${NAMES.tls}=true` : null;
}

function textOf(pem: Uint8Array | null | undefined): string | null {
  return pem === null || pem === undefined ? null : Buffer.from(pem).toString('utf8');
}

/** `closed`: without a word; an error: the first one; `null`: no answer in time. */
type End = 'accepted' | 'closed' | Error | null;

/** @param tls `null`: without TLS */
function handshake(address: string, tls: TlsSettings | null, serverName: string | null): Promise<End> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(null), LIMIT_MS);
    const end = (how: End): void => {
      clearTimeout(timer);
      resolve(how);
      socket?.destroy();
    };
    const socket = open(address, tls, serverName, end);
    socket?.on('data', () => end('accepted')).on('close', () => end('closed'));
  });
}

function open(
  address: string,
  tls: TlsSettings | null,
  serverName: string | null,
  end: (how: Error) => void,
): Socket | null {
  const at = parseAddress(address);
  const servername = serverName ?? (isIP(at.host) === 0 ? at.host : '');
  try {
    const socket: Socket =
      tls === null
        ? connectTcp(at, () => socket.write(OPENING))
        : connectTls({ ...at, ...tlsOptions(tls), servername, ALPNProtocols: ['h2'] }, () =>
            socket.write(OPENING),
          );
    return socket.on('error', end);
  } catch (error) {
    end(error as Error);
    return null;
  }
}
