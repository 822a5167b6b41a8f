/** Certificates for servers and clients of one test: made in memory, valid for as long as the test needs them. */
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

/** PEM texts. */
export interface Identity {
  cert: string;
  /** PKCS #8, not encrypted. */
  key: string;
}

/** What a certificate says. */
export interface Subject {
  name: string;
  /** Names and IP addresses under which a server may be reached. Default: localhost and 127.0.0.1. */
  hosts?: readonly string[];
  /** Organisational unit: MongoDB wants clients to differ from members in it. */
  unit?: string;
  /** Whether it ended an hour ago. */
  expired?: boolean;
  /** Whether it ends in two days, not in thirty. */
  endsSoon?: boolean;
}

/** An authority of the test's own. */
export interface Authority {
  /** Its certificate, PEM. */
  cert: string;
  issue: (subject: Subject) => Promise<Identity>;
}

/** A new authority; certificates of one aren't accepted by servers that trust another. */
export async function createAuthority(name = 'kafka-drain tests'): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...period({}),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (subject: Subject): Promise<Identity> => {
    const own = await generateKeys();
    const issued = await x509.X509CertificateGenerator.create({
      issuer: certificate.subject,
      subject: `${subject.unit === undefined ? '' : `OU=${subject.unit}, `}CN=${subject.name}`,
      ...period(subject),
      signingAlgorithm: ALGORITHM,
      signingKey: keys.privateKey,
      publicKey: own.publicKey,
      extensions: extensionsOf(subject),
    });
    return { cert: issued.toString('pem'), key: await pemOf(own.privateKey) };
  };
  return { cert: certificate.toString('pem'), issue };
}

function extensionsOf({ hosts = ['localhost', '127.0.0.1'] }: Subject): x509.Extension[] {
  const names = hosts.map((host) => ({ type: /^[\d.]+$/.test(host) ? 'ip' : 'dns', value: host }) as const);
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ];
}

function period({ expired = false, endsSoon = false }: Partial<Subject>): {
  notBefore: Date;
  notAfter: Date;
} {
  const hours = expired ? -1 : endsSoon ? 48 : 30 * 24;
  const from = Date.now() - 24 * HOUR_MS;
  return { notBefore: new Date(from), notAfter: new Date(Date.now() + hours * HOUR_MS) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** The same key, encrypted with a passphrase. */
export function encryptedKey(key: string, passphrase: string): string {
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(key).export(options).toString();
}

/** Writes a file that only its owner can read; its path. */
export function writePrivate(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return path;
}
