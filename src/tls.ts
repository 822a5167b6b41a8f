/** TLS as every connection of ours speaks it, and what its failures mean. */
import { X509Certificate } from 'node:crypto';
import type { TlsSettings } from './config/settings.js';

/** Options of `node:tls`: what we trust and who we are. */
export interface TlsIdentity {
  ca?: string;
  cert?: string;
  key?: string;
  passphrase?: string;
}

/** TLS 1.2 at least; certificate and host name always checked, whatever `NODE_TLS_REJECT_UNAUTHORIZED` says. */
export interface TlsOptions extends TlsIdentity {
  minVersion: 'TLSv1.2';
  rejectUnauthorized: true;
}

/** `null`: the authorities Node trusts, no certificate of our own. */
export function tlsOptions(settings: TlsSettings | null): TlsOptions {
  return { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...tlsIdentity(settings ?? NO_TLS_FILES) };
}

export function tlsIdentity({ ca, cert, key, passphrase }: TlsSettings): TlsIdentity {
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(passphrase === null ? {} : { passphrase }),
  };
}

/** Nothing of our own: the authorities Node trusts, no client certificate. */
export const NO_TLS_FILES: TlsSettings = { ca: null, cert: null, key: null, passphrase: null };

/** What a user can set against a failure, by its name in the configuration. */
export interface TlsNames {
  ca: string;
  cert: string;
  key: string;
  /** Where the address with the host name stands. */
  address: string;
  /** What switches TLS on. */
  tls: string;
}

/** The names below one section, such as `kafka.ssl`. */
export function tlsNames(section: string, address: string): TlsNames {
  return {
    ca: `${section}.ca`,
    cert: `${section}.cert`,
    key: `${section}.key`,
    address,
    tls: section,
  };
}

type Text = (names: TlsNames, cert: string | null) => string;

const wrongAuthority: Text = ({ ca }) => `its certificate is not signed by the CA in ${ca}`;
const certificateWanted: Text = ({ cert, key }) => `it wants a client certificate: set ${cert} and ${key}`;

/** The client's certificate is refused for one of several reasons that the alert doesn't tell; being expired is one we can see. */
const certificateRefused: Text = ({ cert }, own) => {
  const expired = expiredOn(own);
  return expired === null
    ? `it does not accept the client certificate in ${cert} (another CA, or expired)`
    : `the client certificate in ${cert} expired on ${expired}`;
};

/** What Java sends where there is no certificate, and Go where there is one that it doesn't like. */
const certificateBad: Text = (names, own) =>
  (own === null ? certificateWanted : certificateRefused)(names, own);

/** By the codes of Node and OpenSSL. */
const TEXTS: Readonly<Record<string, Text>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: wrongAuthority,
  UNABLE_TO_GET_ISSUER_CERT: wrongAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: wrongAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: wrongAuthority,
  CERT_SIGNATURE_FAILURE: wrongAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: ({ ca }) => `its certificate is self-signed and not the one in ${ca}`,
  CERT_HAS_EXPIRED: () => 'its certificate has expired',
  CERT_NOT_YET_VALID: () => 'its certificate is not valid yet: check the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID: ({ address }) =>
    `its certificate is for another host name than the one in ${address}`,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: certificateBad,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: certificateWanted,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: certificateWanted,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: certificateRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: certificateRefused,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: certificateRefused,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: certificateRefused,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: certificateRefused,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: () => 'it speaks no TLS from version 1.2 on',
  ERR_SSL_UNSUPPORTED_PROTOCOL: () => 'it speaks no TLS from version 1.2 on',
  ERR_SSL_WRONG_VERSION_NUMBER: ({ tls }) =>
    `this port does not speak TLS: use its TLS port, or remove ${tls}`,
};

/**
 * What a failed handshake means and what to do, in words that follow "refused: "; `null`: it isn't one that we know.
 * @param own the client's certificate, PEM
 */
export function tlsFault(
  { code, message }: { code?: unknown; message?: string },
  names: TlsNames,
  own: string | null,
): string | null {
  const text = TEXTS[typeof code === 'string' ? code : ''];
  if (text !== undefined) return text(names, own);
  if (typeof code === 'string' && code.startsWith('ERR_OSSL_PEM'))
    return `${names.cert} or ${names.key} is no PEM file`;
  if ((message ?? '').includes('key values mismatch')) return `${names.key} does not belong to ${names.cert}`;
  return null;
}

/** A certificate's subject as brokers and MongoDB name it: `CN=…,OU=…` (RFC 2253). */
export function certificateText(pem: string | Uint8Array): string {
  return new X509Certificate(pem).subject.split('\n').reverse().join(',');
}

const DAY_MS = 86_400_000;
/** Long enough to get a new one from somebody else. */
const WARN_DAYS = 14;

/** That a client's certificate ends soon, or has ended; `null`: neither, or there is none. */
export function certificateWarning(name: string, pem: string | null): string | null {
  if (pem === null) return null;
  const { validTo } = new X509Certificate(pem);
  const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
  if (days < 0) return `the certificate in ${name} expired on ${validTo}`;
  return days < WARN_DAYS ? `the certificate in ${name} expires on ${validTo}: renew it` : null;
}

/** Whether a certificate, PEM, has ended. */
export function isExpired(cert: string | null): boolean {
  return expiredOn(cert) !== null;
}

function expiredOn(cert: string | null): string | null {
  if (cert === null) return null;
  try {
    const { validTo } = new X509Certificate(cert);
    return Date.parse(validTo) < Date.now() ? validTo : null;
  } catch {
    return null;
  }
}
