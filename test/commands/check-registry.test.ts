import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { before, describe, test } from 'node:test';
import { checkRegistry } from '../../src/commands/check-registry.js';
import type { TlsSettings } from '../../src/config/settings.js';
import { configuration, configurationFrom } from '../config/builders.js';
import { createAuthority, type Authority } from '../support/certificates.js';

let authority: Authority;
before(async () => {
  authority = await createAuthority();
});

interface Case {
  rule: string;
  /** The port's; `null`: it speaks no TLS. */
  server?: () => ServerOptions | Promise<ServerOptions> | null;
  scheme?: 'http' | 'https';
  tls?: () => Promise<Partial<TlsSettings>>;
  text: RegExp;
  /** Node's server closes without an alert: that may be an outage as well. */
  isHangUp?: true;
}

const identity = () => authority.issue({ name: 'registry' });
const wanting = async () => ({ ...(await identity()), ca: authority.cert, requestCert: true });

const CASES: readonly Case[] = [
  {
    rule: 'another authority',
    tls: async () => ({ ca: (await createAuthority('another')).cert }),
    text: /its certificate is not signed by the CA in schemaRegistry\.ssl\.ca$/,
  },
  {
    rule: 'a certificate that has expired',
    server: () => authority.issue({ name: 'registry', expired: true }),
    text: /its certificate has expired$/,
  },
  {
    rule: 'another host name',
    server: () => authority.issue({ name: 'registry', hosts: ['registry.example.com'] }),
    text: /its certificate is for another host name than the one in schemaRegistry\.url$/,
  },
  {
    rule: 'no client certificate where one is wanted',
    server: wanting,
    text: /it wants a client certificate: set schemaRegistry\.ssl\.cert and schemaRegistry\.ssl\.key$/,
  },
  {
    rule: 'a client certificate of another authority',
    server: wanting,
    tls: async () => (await createAuthority('another')).issue({ name: 'drain' }),
    text: /it does not accept the client certificate in schemaRegistry\.ssl\.cert \(another CA, or expired\)/,
    isHangUp: true,
  },
  {
    rule: 'a client certificate that has expired',
    server: wanting,
    tls: async () => authority.issue({ name: 'drain', expired: true }),
    text: /the client certificate in schemaRegistry\.ssl\.cert expired on /,
    isHangUp: true,
  },
  {
    rule: 'https to a port without TLS',
    server: () => null,
    text: /this port does not speak TLS.*; an http:\/\/ address, perhaps \(.*\)$/,
  },
  {
    rule: 'http to a port with TLS',
    scheme: 'http',
    text: /: socket hang up, perhaps because it speaks TLS: an https:\/\/ address/,
    isHangUp: true,
  },
];

describe('check tells what keeps it from a schema registry, with its address, the cause and the remedy:', () => {
  for (const { rule, server: serverOf = identity, scheme = 'https', tls, text, isHangUp } of CASES) {
    test(rule, async () => {
      const options = await serverOf();
      const server: Server = options === null ? createHttp() : createHttps(options);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `${scheme}://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
      const nothing: TlsSettings = { ca: authority.cert, cert: null, key: null, passphrase: null };
      const schemaRegistry = { urls: [url], auth: null, tls: { ...nothing, ...(await tls?.()) } };
      const { settings } = configurationFrom(configuration());
      const [finding] = await checkRegistry({ ...settings, schemaRegistry });
      server.close();
      assert.match(finding?.text ?? '', text);
      const head = isHangUp
        ? 'REGISTRY_UNAVAILABLE: the schema registry could not be asked'
        : 'REGISTRY_REFUSED: the schema registry refused';
      assert.ok(finding?.text.startsWith(`${head}: ${url}: `), finding?.text);
    });
  }
});
