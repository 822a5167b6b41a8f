import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { findBinaries } from '../../stack/binaries.js';
import { startMongodb } from '../../stack/mongod.js';
import { freePorts } from '../../stack/ports.js';
import { createAuthority, writePrivate, type Authority, type Identity } from './certificates.js';
import { temporaryFolder } from './stack.js';

/**
 * Two replica sets of one member that speak TLS alone and let nobody do anything without rights, and what only shows a
 * certificate.
 */
export interface SecuredMongodb extends AsyncDisposable {
  /** Doesn't ask for a client certificate. `mongodb://127.0.0.1:port/?replicaSet=rs0`. */
  uri: string;
  /** Wants a client certificate, and its own is for 127.0.0.1 alone: `localhost` is another name. */
  strictUri: string;
  /** Shows a certificate that has expired, as no mongod would start with. */
  expiredUri: string;
  authority: Authority;
  /** Of the authority that the servers trust; it is no user until a test makes it one. */
  client: Identity;
  /** With all rights, on the first of them. */
  admin: MongoClient;
  folder: string;
}

/** Members are known by it; clients must be of another one. */
const MEMBERS = 'members';

export async function startSecuredMongodb(): Promise<SecuredMongodb> {
  const { path: folder, remove } = temporaryFolder('secured-mongodb');
  const authority = await createAuthority();
  const member = await authority.issue({ name: 'mongod', unit: MEMBERS, hosts: ['127.0.0.1'] });
  const client = await authority.issue({ name: 'kafka-drain', unit: 'clients' });
  const ca = writePrivate(folder, 'ca.pem', authority.cert);
  const pem = writePrivate(folder, 'member.pem', `${member.key}\n${member.cert}`);
  const options: MongoClientOptions = {
    ...{ tls: true, tlsCAFile: ca, tlsCertificateKeyFile: pem },
    // a member's certificate may do everything
    ...{ authMechanism: 'MONGODB-X509', authSource: '$external' },
  };
  const ports = await freePorts(2);
  const [open, strict] = await Promise.all(
    ports.map((port, index) =>
      startMongodb({
        binaries: findBinaries(),
        folder: `${folder}/${String(index)}`,
        ports: [port],
        args: [
          ...['--auth', '--clusterAuthMode', 'x509', '--tlsMode', 'requireTLS'],
          ...['--tlsCAFile', ca, '--tlsCertificateKeyFile', pem],
          ...(index === 0 ? ['--tlsAllowConnectionsWithoutCertificates'] : []),
        ],
        client: options,
      }),
    ),
  );
  const expired = await showCertificate(await authority.issue({ name: 'mongod', expired: true }));
  const admin = new MongoClient(open?.uri ?? '', options);
  return {
    uri: open?.uri ?? '',
    strictUri: strict?.uri ?? '',
    expiredUri: expired.uri,
    ...{ authority, client, admin, folder },
    [Symbol.asyncDispose]: async () => {
      await admin.close();
      await Promise.all([open?.stop(), strict?.stop(), expired.close()]);
      remove();
    },
  };
}

/** A server that gets no further than showing it. */
async function showCertificate(identity: Identity): Promise<{ uri: string; close: () => Promise<void> }> {
  const server = createServer(identity, (socket) => socket.on('error', () => socket.destroy()));
  server.on('tlsClientError', (_, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    uri: `mongodb://127.0.0.1:${String(port)}/?replicaSet=rs0`,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
