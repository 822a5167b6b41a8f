/** Whether PEM files hold what they are named for. Texts never quote them. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** What is wrong with a file of one or more certificates; `null`: nothing. */
export function certificateFault(pem: string): string | null {
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0)
    return 'holds no certificate in PEM (a block that begins with -----BEGIN CERTIFICATE-----)';
  return blocks.every(isCertificate) ? null : 'holds a certificate that is damaged; copy the file anew';
}

function isCertificate(pem: string): boolean {
  return certificateOf(pem) !== null;
}

function certificateOf(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

/** The first certificate in a file, without whatever else is in it; `null`: there is none that can be read. */
export function firstCertificate(pem: string): string | null {
  return certificateOf(pem)?.toString() ?? null;
}

const KEY_NAMES = { passphrase: 'passphrase or passphraseFile', cert: 'cert' };

/** What is wrong with a private key, and with it beside its certificate; `null`: nothing. */
export function keyFault(
  pem: string,
  passphrase: string | null,
  cert: string | null,
  names = KEY_NAMES,
): string | null {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return 'holds no private key in PEM (a block that begins with -----BEGIN PRIVATE KEY-----)';
  const isEncrypted = /ENCRYPTED/.test(pem);
  if (isEncrypted && passphrase === null) return `is encrypted: set ${names.passphrase}`;
  const key = keyOf(pem, passphrase);
  if (key === null)
    return isEncrypted
      ? "can't be read with this passphrase"
      : 'holds a private key that is damaged; copy the file anew';
  const certificate = cert === null ? null : certificateOf(cert);
  if (certificate !== null && !certificate.checkPrivateKey(key))
    return `is not the private key of the certificate in ${names.cert}`;
  return null;
}

function keyOf(pem: string, passphrase: string | null): KeyObject | null {
  try {
    return createPrivateKey({ key: pem, ...(passphrase === null ? {} : { passphrase }) });
  } catch {
    return null;
  }
}
