import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as KafkaJs from 'kafkajs';
import { DrainError } from '../errors.js';
import type { AssignerProtocol } from './assignor.js';
import { registerCodecs } from './codecs.js';
import { createDecodeMessages, hideAborted, type DecoderParts } from './decode-patch.js';
import { createDecodeRecord, type RecordParts } from './record-decoder.js';
import { installGroupHooks } from './group-hooks.js';
import type { FetchResponse, Group, OffsetOutOfRange } from './internals.js';
import { fatal } from './kafka-errors.js';

/** kafkajs with our patches. */
export type PatchedKafkaJs = typeof KafkaJs & { AssignerProtocol: AssignerProtocol };

/** The one version whose sources the patches were written against. */
export const KAFKAJS_VERSION = '2.2.4';

/** The first 16 hex digits of the SHA-256 of each replaced function's source. */
const EXPECTED = {
  decodeRecord: 'fbe3525528b41bce',
  decodeMessages: '1b27174fb8b38bbd',
  scheduleCheckPendingRequests: '04347ea969c6f2e3',
  joinAndSync: '86569beffea31029',
  heartbeat: 'ba6c66c6bb8ab3ea',
  fetch: 'e2e52d81f1e13b90',
  recoverFromFetch: 'd68791b998808783',
  recoverFromOffsetOutOfRange: 'a61c4ed52db5ea75',
  leave: 'b0f7fcb67264843c',
  isEmpty: '4c679800322335a2',
  isEmptyDueToFiltering: '3ed7a6934e37d707',
} as const;

const FETCH_VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11];

let loaded: PatchedKafkaJs | undefined;

/**
 * kafkajs, patched when it is first asked for. The order of loading doesn't matter: kafkajs looks its response decoders up at
 * every request, the rest are methods on prototypes. Errors: `UNPATCHED_CLIENT`.
 */
export function patchedKafkaJs(): PatchedKafkaJs {
  loaded ??= patch(createRequire(import.meta.url));
  return loaded;
}

function patch(require: NodeJS.Require): PatchedKafkaJs {
  const root = dirname(require.resolve('kafkajs/package.json'));
  const { version } = require('kafkajs/package.json') as { version: string };
  if (version !== KAFKAJS_VERSION) {
    throw unpatched(`kafkajs ${version} is installed, the patches are for ${KAFKAJS_VERSION}`);
  }
  const source = (path: string): string => join(root, 'src', path);
  patchFetch(require, source);
  patchRequestQueue(require(source('network/requestQueue/index.js')) as Class<RequestQueue>);
  patchBatch(require(source('consumer/batch.js')) as Class<BatchMethods>);
  patchGroup(require(source('consumer/consumerGroup.js')) as Class<Group>);
  const kafkajs = require('kafkajs') as PatchedKafkaJs;
  registerCodecs(kafkajs);
  return kafkajs;
}

interface Class<T> {
  prototype: T;
}

/** Refuses a function whose source isn't the one the patch was written against. */
export function requireSource(name: keyof typeof EXPECTED, original: unknown): void {
  const hash = createHash('sha256').update(String(original)).digest('hex').slice(0, 16);
  if (hash !== EXPECTED[name]) {
    throw unpatched(`the source of its function ${name} is not that of ${KAFKAJS_VERSION}`);
  }
}

function unpatched(reason: string): DrainError {
  return new DrainError(
    'UNPATCHED_CLIENT',
    `kafkajs can't be patched, and unpatched it can stall or skip records: ${reason}. ` +
      `Install exactly kafkajs@${KAFKAJS_VERSION} from the lockfile (npm ci).`,
  );
}

/** See `decode-patch.ts`. The decoders of fetch responses are loaded anew, so that they are linked with the patched function. */
function patchFetch(require: NodeJS.Require, source: (path: string) => string): void {
  patchRecords(require, source);
  const path = source('protocol/requests/fetch/v4/decodeMessages.js');
  requireSource('decodeMessages', require(path));
  const parts: DecoderParts = {
    Decoder: require(source('protocol/decoder.js')) as DecoderParts['Decoder'],
    decodeBatch: require(source('protocol/recordBatch/v0/decoder.js')) as DecoderParts['decodeBatch'],
    decodeMessageSet: require(source('protocol/messageSet/decoder.js')) as DecoderParts['decodeMessageSet'],
  };
  replaceExports(require, path, createDecodeMessages(parts));
  const paths = FETCH_VERSIONS.map((version) => source(`protocol/requests/fetch/v${version}/response.js`));
  for (const response of paths) Reflect.deleteProperty(require.cache, response);
  for (const response of paths.map((file) => require(file) as FetchResponseModule)) {
    const { decode } = response;
    response.decode = async (data) => hideAborted(await decode(data));
  }
}

/** See `record-decoder.ts`. The decoder of batches is loaded anew, so that it is linked with the patched function. */
function patchRecords(require: NodeJS.Require, source: (path: string) => string): void {
  const path = source('protocol/recordBatch/record/v0/decoder.js');
  requireSource('decodeRecord', require(path));
  const parts: RecordParts = {
    Long: require(source('utils/long.js')) as RecordParts['Long'],
    decodeHeader: require(source('protocol/recordBatch/header/v0/decoder.js')) as RecordParts['decodeHeader'],
  };
  replaceExports(require, path, createDecodeRecord(parts));
  Reflect.deleteProperty(require.cache, source('protocol/recordBatch/v0/decoder.js'));
}

/** Of a module that is loaded already. Whatever has taken them before keeps the old ones. */
function replaceExports(require: NodeJS.Require, path: string, exports: unknown): void {
  const loaded = require.cache[path];
  if (loaded === undefined) throw unpatched('its modules are not in the cache of require');
  loaded.exports = exports;
}

interface FetchResponseModule {
  decode: (data: unknown) => Promise<FetchResponse>;
}

interface RequestQueue {
  pending: readonly unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests: () => void;
}

/** Without this, every connection runs a 1 ms timer for ever once it has answered a request: 6 % of a core, idle. */
function patchRequestQueue({ prototype }: Class<RequestQueue>): void {
  const { scheduleCheckPendingRequests: original } = prototype;
  requireSource('scheduleCheckPendingRequests', original);
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this);
  };
}

interface BatchMethods {
  rawMessages: readonly unknown[];
  isEmpty: () => boolean;
  isEmptyDueToFiltering: () => boolean;
}

/** Batches of which nothing is visible come to the handler like others, so that their commit and their order are the same. */
function patchBatch({ prototype }: Class<BatchMethods>): void {
  requireSource('isEmpty', prototype.isEmpty);
  requireSource('isEmptyDueToFiltering', prototype.isEmptyDueToFiltering);
  prototype.isEmpty = function (this: BatchMethods) {
    return this.rawMessages.length === 0;
  };
  prototype.isEmptyDueToFiltering = () => false;
}

function patchGroup({ prototype }: Class<Group>): void {
  const patched = [
    'joinAndSync',
    'heartbeat',
    'fetch',
    'recoverFromFetch',
    'leave',
    'recoverFromOffsetOutOfRange',
  ] as const;
  for (const name of patched) requireSource(name, prototype[name]);
  installGroupHooks(prototype);
  // kafkajs would commit -1 or -2 to the group and go on at the other end of the log, silently.
  prototype.recoverFromOffsetOutOfRange = function (this: Group, { topic, partition }: OffsetOutOfRange) {
    const offset = this.offsetManager.nextOffset(topic, partition).toString();
    const cause = new DrainError(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${offset} of ${topic}-${partition} is not in the log any more (or not yet): records expired or were deleted, or the topic was recreated. ` +
        'Nothing was skipped; the next run plans anew and says what is lost.',
    );
    return Promise.reject(fatal(cause));
  };
}
