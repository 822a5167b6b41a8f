import type { TlsSettings } from '../../src/config/settings.js';
import { createAuthority, writePrivate } from '../support/certificates.js';
import type { SecuredMongodb } from '../support/secured-mongodb.js';
import { stackFromEnvironment } from '../support/stack.js';

export const PASSWORD = 'mongo-secret';

/** How a test connects. */
export interface Target {
  uri: string;
  tls: TlsSettings | null;
}

/** The ways to the secured servers. */
export interface Ways {
  trusting: () => TlsSettings;
  withClient: () => TlsSettings;
  as: (user: string, password?: string) => string;
  byCertificate: () => string;
}

export function waysTo(mongodb: () => SecuredMongodb): Ways {
  const trusting = (): TlsSettings => ({
    ca: mongodb().authority.cert,
    cert: null,
    key: null,
    passphrase: null,
  });
  return {
    trusting,
    withClient: () => ({ ...trusting(), ...mongodb().client }),
    as: (user, password = PASSWORD) => mongodb().uri.replace('//', `//${user}:${password}@`),
    byCertificate: () => `${mongodb().uri}&authMechanism=MONGODB-X509&authSource=$external`,
  };
}

/** One way of not getting in. */
export interface Refusal {
  rule: string;
  target: () => Target | Promise<Target>;
  code?: string;
  text: RegExp;
  /** Where no server's address is known yet. */
  nameless?: true;
}

export function refusalsBy(
  mongodb: () => SecuredMongodb,
  { trusting, withClient, as, byCertificate }: Ways,
): Refusal[] {
  const gone = (option: string) => (): Target => ({
    uri: `${mongodb().uri}&tls=true&${option}=${encodeURIComponent('/nowhere/a.pem')}`,
    tls: null,
  });

  return [
    {
      rule: 'a certificate of another authority',
      target: async () => ({
        uri: mongodb().uri,
        tls: { ...trusting(), ca: (await createAuthority()).cert },
      }),
      text: /its certificate is not signed by the CA in mongodb\.ssl\.ca\.$/,
    },
    {
      rule: 'no authority of our own, where the certificate is that of a private one',
      target: () => ({ uri: `${mongodb().uri}&tls=true`, tls: null }),
      text: /not signed by the CA in mongodb\.ssl\.ca \(or tlsCAFile in mongodb\.uri\)\.$/,
    },
    {
      rule: "a certificate of another authority than the URI's",
      target: async () => {
        const ca = writePrivate(mongodb().folder, 'other-ca.pem', (await createAuthority()).cert);
        return { uri: `${mongodb().uri}&tls=true&tlsCAFile=${encodeURIComponent(ca)}`, tls: null };
      },
      text: /not signed by the CA in tlsCAFile in mongodb\.uri\.$/,
    },
    {
      rule: 'an expired certificate',
      target: () => ({ uri: mongodb().expiredUri, tls: trusting() }),
      text: /its certificate has expired/,
    },
    {
      rule: 'a certificate for another host name',
      target: () => ({ uri: mongodb().uri.replace('127.0.0.1', 'localhost'), tls: trusting() }),
      text: /localhost:\d+ refused: its certificate is for another host name than the one in mongodb\.uri or in the replica set's configuration/,
    },
    {
      rule: 'no client certificate where one is wanted',
      target: () => ({ uri: mongodb().strictUri, tls: trusting() }),
      code: 'MONGODB_UNAVAILABLE',
      text: /If it expects a client certificate, set mongodb\.ssl\.cert \(or tlsCertificateKeyFile in mongodb\.uri\) and mongodb\.ssl\.key/,
    },
    {
      rule: 'a client certificate of another authority',
      target: async () => {
        const other = await (await createAuthority('others')).issue({ name: 'kafka-drain', unit: 'clients' });
        return { uri: mongodb().strictUri, tls: { ...trusting(), ...other } };
      },
      code: 'MONGODB_UNAVAILABLE',
      text: /may not accept the client certificate in mongodb\.ssl\.cert: is it of a CA that the server trusts\?/,
    },
    {
      rule: 'a client certificate that has expired',
      target: async () => {
        const { authority, uri } = mongodb();
        const old = await authority.issue({ name: 'kafka-drain', unit: 'clients', expired: true });
        return { uri, tls: { ...trusting(), ...old } };
      },
      text: /the client certificate in mongodb\.ssl\.cert expired on /,
    },
    {
      rule: 'the key of another certificate',
      target: async () => {
        const { key } = await mongodb().authority.issue({ name: 'kafka-drain', unit: 'clients' });
        return { uri: mongodb().uri, tls: { ...withClient(), key } };
      },
      text: /mongodb\.ssl\.key does not belong to mongodb\.ssl\.cert/,
    },
    {
      rule: 'plaintext to a TLS port',
      target: () => ({ uri: mongodb().uri, tls: null }),
      code: 'MONGODB_UNAVAILABLE',
      text: /If it expects TLS, set mongodb\.ssl, or tls=true in mongodb\.uri/,
    },
    {
      rule: 'TLS to a plaintext port',
      target: () => ({ uri: stackFromEnvironment().mongodb, tls: trusting() }),
      code: 'MONGODB_UNAVAILABLE',
      text: /If it expects no TLS, remove mongodb\.ssl and tls from mongodb\.uri/,
    },
    {
      rule: 'a wrong password',
      target: () => ({ uri: as('kafka-drain', 'not-this'), tls: trusting() }),
      text: /the password of user "kafka-drain" was not accepted, or there is no such user in database "admin": check mongodb\.uri; its authSource/,
    },
    {
      rule: 'a user of another database',
      target: () => ({ uri: `${as('kafka-drain')}&authSource=shop`, tls: trusting() }),
      text: /there is no such user in database "shop"/,
    },
    {
      rule: 'a certificate that is no user',
      target: async () => {
        const stranger = await mongodb().authority.issue({ name: 'stranger', unit: 'clients' });
        return { uri: byCertificate(), tls: { ...trusting(), ...stranger } };
      },
      text: /there is no user "CN=stranger,OU=clients" in database "\$external": create it, or correct mongodb\.ssl\.cert/,
    },
    {
      rule: 'authentication by a certificate without one',
      target: () => ({ uri: byCertificate(), tls: trusting() }),
      text: /MONGODB-X509 needs a client certificate: set mongodb\.ssl\.cert/,
    },
    {
      rule: 'a mechanism that is not offered',
      target: () => ({ uri: `${as('kafka-drain')}&authMechanism=PLAIN`, tls: trusting() }),
      text: /it does not offer PLAIN to this user: correct authMechanism in mongodb\.uri/,
    },
    {
      rule: 'no authentication where it is wanted',
      target: () => ({ uri: mongodb().uri, tls: trusting() }),
      text: /it wants authentication, and mongodb\.uri names no user/,
    },
    {
      rule: 'another replica set',
      target: () => ({ uri: mongodb().uri.replace('rs0', 'rs9'), tls: trusting() }),
      text: /none of these servers is a member of the replica set "rs9": correct replicaSet in mongodb\.uri/,
    },
    {
      rule: "a CA file of the URI's that is not there",
      target: gone('tlsCAFile'),
      text: /A file that mongodb\.uri names can't be read: \/nowhere\/a\.pem: there is no such file/,
      nameless: true,
    },
    {
      rule: "a key file of the URI's that is not there",
      target: gone('tlsCertificateKeyFile'),
      text: /A file that mongodb\.uri names can't be read: \/nowhere\/a\.pem: there is no such file/,
      nameless: true,
    },
    {
      rule: "a key file of the URI's that is none",
      target: () => {
        const pem = writePrivate(mongodb().folder, 'none.pem', 'nothing');
        return { uri: `${mongodb().uri}&tlsCertificateKeyFile=${encodeURIComponent(pem)}`, tls: trusting() };
      },
      text: /tlsCertificateKeyFile in mongodb\.uri is no PEM file/,
    },
    {
      rule: 'a name that does not resolve, as an outage',
      target: () => ({ uri: 'mongodb+srv://kafka-drain:mongo-secret@nowhere.invalid/', tls: null }),
      code: 'MONGODB_UNAVAILABLE',
      text: /nowhere\.invalid/,
      nameless: true,
    },
  ];
}
