import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { certificateWarning, tlsFault, tlsNames, tlsOptions } from '../src/tls.js';
import { createAuthority } from './support/certificates.js';

const NAMES = tlsNames('kafka.ssl', 'kafka.brokers');

test('a server that speaks TLS 1.1 at most is refused, and that is said', async () => {
  const authority = await createAuthority();
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
  const server = tls.createServer({ ...(await authority.issue({ name: 'old' })), ...old });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const own = { ca: authority.cert, cert: null, key: null, passphrase: null };
  const socket = tls.connect({ host: '127.0.0.1', port, ...tlsOptions(own) });
  const [error] = (await once(socket, 'error')) as [Error & { code?: string }];
  assert.equal(tlsFault(error, NAMES, null), 'it speaks no TLS from version 1.2 on');
  await new Promise((resolve) => server.close(resolve));
});

test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the check of certificates off', async () => {
  const [authority, other] = [await createAuthority(), await createAuthority()];
  const server = tls.createServer(await authority.issue({ name: 'server' }));
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const own = { ca: other.cert, cert: null, key: null, passphrase: null };
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    const socket = tls.connect({ host: '127.0.0.1', port, ...tlsOptions(own) });
    const [error] = (await once(socket, 'error')) as [Error & { code?: string }];
    assert.match(tlsFault(error, NAMES, null) ?? '', /is not signed by the CA in kafka\.ssl\.ca/);
  } finally {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a certificate is warned of that has ended, or ends within two weeks', async () => {
  const authority = await createAuthority();
  const { cert: soon } = await authority.issue({ name: 'client', endsSoon: true });
  assert.match(
    certificateWarning('kafka.ssl.cert', soon) ?? '',
    /^the certificate in kafka\.ssl\.cert expires on .*: renew it$/,
  );
  const { cert: ended } = await authority.issue({ name: 'client', expired: true });
  assert.match(
    certificateWarning('kafka.ssl.cert', ended) ?? '',
    /^the certificate in kafka\.ssl\.cert expired on /,
  );
  const { cert: later } = await authority.issue({ name: 'client' });
  assert.deepEqual([later, null].map((cert) => certificateWarning('kafka.ssl.cert', cert)), [null, null]); // prettier-ignore
});
