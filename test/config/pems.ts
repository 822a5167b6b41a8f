import { createAuthority, encryptedKey } from '../support/certificates.js';

const authority = await createAuthority();
const client = await authority.issue({ name: 'client' });
const other = await authority.issue({ name: 'other' });

/** Real certificates and keys for configurations; the passphrase of `encrypted` is `secret`. */
export const PEMS = {
  ca: authority.cert,
  cert: client.cert,
  key: client.key,
  encrypted: encryptedKey(client.key, 'secret'),
  otherKey: other.key,
} as const;
