/** How a client connects, as its options say it, in the user's words. */
import type { MongoClient } from 'mongodb';
import { certificateText, tlsNames, type TlsNames } from '../tls.js';

/** The client's options; files of the URI are in them as bytes as soon as the driver has read them. */
export type Options = MongoClient['options'];

/** As MongoDB writes it, the most particular part last. */
export function subjectOf(cert: string | null): string {
  try {
    return cert === null ? '' : certificateText(cert);
  } catch {
    return '';
  }
}

/** By whichever name the user has set it. Files of the URI become bytes as soon as the driver has read them. */
export function namesOf(options: Options): TlsNames {
  const { ca: ownCa, cert: ownCert } = options;
  const names = tlsNames('mongodb.ssl', "mongodb.uri or in the replica set's configuration");
  const nameOf = (name: string, own: unknown, file: 'tlsCAFile' | 'tlsCertificateKeyFile') => {
    if (typeof own === 'string') return name;
    return options[file] === undefined ? `${name} (or ${file} in mongodb.uri)` : `${file} in mongodb.uri`;
  };
  const ca = nameOf(names.ca, ownCa, 'tlsCAFile');
  const cert = nameOf(names.cert, ownCert, 'tlsCertificateKeyFile');
  // the URI's file holds both
  return { ...names, ca, cert, key: typeof ownCert === 'string' || !isFromUri(options) ? names.key : cert };
}

function isFromUri({ tlsCertificateKeyFile }: Options): boolean {
  return tlsCertificateKeyFile !== undefined;
}

export function certificateOf({ cert }: Options): string | null {
  return typeof cert === 'string' || Buffer.isBuffer(cert) ? cert.toString() : null;
}

/** `h1:27017, h2:27017`, or the name whose SRV record lists them. */
export function peersOf({ hosts, srvHost }: Options): string {
  return hosts.length > 0 ? hosts.map(String).join(', ') : (srvHost ?? '');
}
