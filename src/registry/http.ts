import type { SchemaRegistrySettings } from '../config/settings.js';
import { sendHttp, type HttpAnswer } from '../http.js';
import { tlsOptions } from '../tls.js';

/** Below the time after which a silent drain thread is ended. */
const REQUEST_TIMEOUT_MS = 10_000;
/** No schema is that large; whoever sends more is no registry. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export type Get = (url: string, signal: AbortSignal) => Promise<HttpAnswer>;

/** Sends one GET after the other, with the connection's own certificates and credentials. Never rejects. */
export function createGet({ auth, tls }: Pick<SchemaRegistrySettings, 'auth' | 'tls'>): Get {
  const credentials = auth === null ? null : Buffer.from(`${auth.username}:${auth.password}`);
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(credentials !== null && { authorization: `Basic ${credentials.toString('base64')}` }),
  };
  const limits = { timeoutMs: REQUEST_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };
  return (url, signal) => sendHttp(url, { headers, tls: tlsOptions(tls), ...limits, signal });
}
