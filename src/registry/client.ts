import { setTimeout as sleep } from 'node:timers/promises';
import type { SchemaRegistrySettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { HttpAnswer } from '../http.js';
import { tlsFault, tlsNames } from '../tls.js';
import type { Get } from './http.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** The registry's own number for "no such schema"; a 404 without it may come from anything at that address. */
const SCHEMA_NOT_FOUND = 40403;
const TLS_NAMES = tlsNames('schemaRegistry.ssl', 'schemaRegistry.url');
/** Of the many that have no words of ours: they don't pass by waiting either. */
const TLS_CODE = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/;
/** Codes of a port that speaks the other of the two protocols. */
const OTHER_PROTOCOL: ReadonlyMap<string, string> = new Map([
  ['EPROTO', 'this port does not speak TLS, or none that we speak; an http:// address, perhaps'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'this port does not speak TLS; an http:// address, perhaps'],
  ['HPE_INVALID_CONSTANT', 'this port does not speak HTTP; an https:// address, perhaps'],
]);

export interface ClientOptions {
  settings: Pick<SchemaRegistrySettings, 'urls' | 'tls'>;
  get: Get;
  /** How long an outage is waited for. */
  retryForMs: number;
  signal: AbortSignal;
  /** An answer came, or another request begins. */
  alive: () => void;
  log: (text: string) => void;
}

export interface RegistryClient {
  /** The JSON at a path that begins with a slash; `null`: there is nothing. Errors: `REGISTRY_UNAVAILABLE`, `REGISTRY_REFUSED`. */
  ask: (path: string) => Promise<unknown>;
}

type Said =
  | { kind: 'json'; json: unknown }
  | { kind: 'nothing' }
  | { kind: 'outage'; reason: string }
  /** By this address; another may have the right certificate or path. */
  | { kind: 'refused'; reason: string };

/** Asks one address after the other until one answers. What all refuse is refused; else the outages are waited for. */
export function createClient(options: ClientOptions): RegistryClient {
  const { urls } = options.settings;
  let first = 0;
  const round = async (path: string): Promise<Said> => {
    const failed: Exclude<Said, { kind: 'json' | 'nothing' }>[] = [];
    for (let index = 0; index < urls.length; index += 1) {
      const url = urls[(first + index) % urls.length] ?? '';
      const said = await askAt(options, url, path);
      options.alive();
      if (said.kind === 'json' || said.kind === 'nothing') {
        first = (first + index) % urls.length;
        return said;
      }
      failed.push(said);
    }
    const isOutage = failed.length === 0 || failed.some(({ kind }) => kind === 'outage');
    return { kind: isOutage ? 'outage' : 'refused', reason: failed.map(({ reason }) => reason).join('; ') };
  };
  return { ask: (path) => askPatiently(options, () => round(path)) };
}

async function askPatiently(options: ClientOptions, ask: () => Promise<Said>): Promise<unknown> {
  const { retryForMs, signal, alive, log } = options;
  const startedMs = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const said = await ask();
    if (said.kind === 'json') return said.json;
    if (said.kind === 'nothing') return null;
    if (said.kind === 'refused') throw refused(said.reason);
    signal.throwIfAborted();
    if (performance.now() - startedMs + pauseMs > retryForMs) throw unavailable(options, said.reason);
    log(`the schema registry doesn't answer (${said.reason}); asking again`);
    await sleep(pauseMs, undefined, { signal }).catch(() => {
      signal.throwIfAborted();
    });
    alive();
  }
}

async function askAt(options: ClientOptions, url: string, path: string): Promise<Said> {
  const { get, signal } = options;
  const answer = await get(url + path, signal);
  if (answer.kind === 'no-answer') return unanswered(options, url, answer);
  const { status } = answer;
  if (status === 429 || status >= 500) return { kind: 'outage', reason: `${url}: HTTP ${String(status)}` };
  const json = jsonOf(answer);
  if (status === 200 && json !== undefined) return { kind: 'json', json };
  if (status === 404 && (isNotFound(json) || (await isRegistry(options, url)))) return { kind: 'nothing' };
  return refusal(url, refusalText(status));
}

function unanswered(
  { settings }: ClientOptions,
  url: string,
  { code, reason }: Extract<HttpAnswer, { kind: 'no-answer' }>,
): Said {
  const other = OTHER_PROTOCOL.get(code);
  if (other !== undefined) return refusal(url, `${other} (${code})`);
  const fault = tlsFault({ code, message: reason }, TLS_NAMES, settings.tls?.cert ?? null);
  if (fault !== null) return refusal(url, fault);
  if (TLS_CODE.test(code)) return refusal(url, `${reason} (${code})`);
  const hint = code === 'ECONNRESET' ? hangUpHint(url, settings.tls?.cert ?? null) : '';
  return { kind: 'outage', reason: `${url}: ${reason}${hint}` };
}

/** Some servers close without a word where TLS isn't as they want it, and so does one that ends: waiting may help. */
function hangUpHint(url: string, cert: string | null): string {
  if (url.startsWith('http:')) return ', perhaps because it speaks TLS: an https:// address';
  const code =
    cert === null ? 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' : 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN';
  return `, perhaps because ${tlsFault({ code }, TLS_NAMES, cert) ?? ''}`;
}

/** A path that not every registry knows is no reason to doubt its address. */
async function isRegistry({ get, signal }: ClientOptions, url: string): Promise<boolean> {
  const answer = await get(`${url}/schemas/types`, signal);
  return answer.kind === 'answer' && answer.status === 200 && Array.isArray(jsonOf(answer));
}

function jsonOf({ body }: Extract<HttpAnswer, { kind: 'answer' }>): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function isNotFound(json: unknown): boolean {
  return (json as { error_code?: unknown } | null | undefined)?.error_code === SCHEMA_NOT_FOUND;
}

function refusalText(status: number): string {
  if (status === 401) return 'HTTP 401: it wants credentials; set schemaRegistry.username and password';
  if (status === 403) return 'HTTP 403: this user may not read schemas';
  return `HTTP ${String(status)}: this isn't the address of a schema registry (some need a path, such as /apis/ccompat/v7)`;
}

function refusal(url: string, reason: string): Said {
  return { kind: 'refused', reason: `${url}: ${reason}` };
}

function refused(reason: string): DrainError {
  return new DrainError('REGISTRY_REFUSED', `the schema registry refused: ${reason}`);
}

function unavailable({ retryForMs }: ClientOptions, reason: string): DrainError {
  const text =
    retryForMs === 0
      ? `the schema registry could not be asked: ${reason}. Check schemaRegistry.url, and whether it runs there.`
      : `the schema registry could not be asked for ${String(Math.round(retryForMs / 1_000))} s: ${reason}. ` +
        'Nothing is lost: records that need it are read again by the next attempt.';
  return new DrainError('REGISTRY_UNAVAILABLE', text);
}
