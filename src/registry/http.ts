import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { SchemaRegistrySettings } from '../config/settings.js';

/** Below the time after which a silent drain thread is ended. */
const REQUEST_TIMEOUT_MS = 10_000;
/** No schema is that large; whoever sends more is no registry. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export type HttpAnswer =
  | { kind: 'answer'; status: number; body: string }
  /** `code`: Node's, where there is one. */
  | { kind: 'no-answer'; code: string; reason: string };

export type Get = (url: string, signal: AbortSignal) => Promise<HttpAnswer>;

/** Sends one GET after the other, with the connection's own certificates and credentials. Never rejects. */
export function createGet({ auth, tls }: Pick<SchemaRegistrySettings, 'auth' | 'tls'>): Get {
  const credentials = auth === null ? null : Buffer.from(`${auth.username}:${auth.password}`);
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(credentials !== null && { authorization: `Basic ${credentials.toString('base64')}` }),
  };
  const certificates = Object.fromEntries(Object.entries(tls ?? {}).filter(([, value]) => value !== null));
  return async (url, signal) => {
    const options = { headers, minVersion: 'TLSv1.2', ...certificates } as const;
    try {
      return await send(url, { ...options, signal: AbortSignal.any([signal, timeout()]) });
    } catch (error) {
      return noAnswer(error);
    }
  };
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(REQUEST_TIMEOUT_MS);
}

function send(url: string, options: RequestOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) response.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ kind: 'answer', status: response.statusCode ?? 0, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

function noAnswer(error: unknown): HttpAnswer {
  const { code, name, message, cause } = error as Error & { code?: unknown };
  const timedOut = name === 'TimeoutError' || (cause instanceof Error && cause.name === 'TimeoutError');
  const reason = timedOut ? `no answer within ${String(REQUEST_TIMEOUT_MS / 1_000)} s` : message;
  return {
    kind: 'no-answer',
    code: typeof code === 'string' ? code : '',
    reason: reason === '' ? name : reason,
  };
}
