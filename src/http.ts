/** One HTTP request with certificates of our own, which Node's `fetch` doesn't take. */
import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { TlsOptions } from './tls.js';

export interface HttpRequest {
  method?: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string;
  tls: TlsOptions;
  timeoutMs: number;
  /** Longer answers are refused. */
  maxBytes: number;
  signal?: AbortSignal;
}

export type HttpAnswer =
  | { kind: 'answer'; status: number; contentType: string; body: string }
  /** `code`: Node's, where there is one. */
  | { kind: 'no-answer'; code: string; reason: string };

/** Redirects aren't followed: credentials are for this address alone. Never rejects. */
export async function sendHttp(url: string, request: HttpRequest): Promise<HttpAnswer> {
  const { method = 'GET', headers, tls, timeoutMs, signal } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  const both = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    return await send(url, request, { method, headers: { ...headers }, ...tls, signal: both });
  } catch (error) {
    return noAnswer(error, timeoutMs);
  }
}

function send(url: string, { body, maxBytes }: HttpRequest, options: RequestOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes) response.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const contentType = response.headers['content-type'] ?? '';
        resolve({ kind: 'answer', status: response.statusCode ?? 0, contentType, body: text });
      });
    })
      .on('error', reject)
      .end(body);
  });
}

function noAnswer(error: unknown, timeoutMs: number): HttpAnswer {
  const { code, name, message, cause } = error as Error & { code?: unknown };
  const timedOut = name === 'TimeoutError' || (cause instanceof Error && cause.name === 'TimeoutError');
  const reason = timedOut ? `no answer within ${String(timeoutMs / 1_000)} s` : message;
  return {
    kind: 'no-answer',
    code: typeof code === 'string' ? code : '',
    reason: reason === '' ? name : reason,
  };
}
