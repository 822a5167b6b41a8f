import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as KafkaJs from 'kafkajs';
import { DrainError } from '../errors.js';
import { sourceHash } from '../source-hash.js';
import type { AssignerProtocol } from './assignor.js';
import { registerCodecs } from './codecs.js';
import { createDecodeBatch, type BatchCodec } from './batch-decoder.js';
import { createDecodeMessages, hideAborted } from './decode-patch.js';
import { installGroupHooks } from './group-hooks.js';
import type { Connection, Decoder, FetchResponse, Group, OffsetOutOfRange, OldMessage } from './internals.js';
import { fatal } from './kafka-errors.js';
import { processData } from './receive.js';

/** kafkajs with our patches. */
export type PatchedKafkaJs = typeof KafkaJs & { AssignerProtocol: AssignerProtocol };

/** The one version whose sources the patches were written against. */
export const KAFKAJS_VERSION = '2.2.4';

/** The `sourceHash` of each replaced function. */
const EXPECTED = {
  decodeMessages: '1b27174fb8b38bbd',
  processData: '8cc3f4c52154f4ca',
  scheduleCheckPendingRequests: '04347ea969c6f2e3',
  joinAndSync: '86569beffea31029',
  heartbeat: 'ba6c66c6bb8ab3ea',
  fetch: 'e2e52d81f1e13b90',
  recoverFromFetch: 'd68791b998808783',
  recoverFromOffsetOutOfRange: 'a61c4ed52db5ea75',
  leave: 'b0f7fcb67264843c',
  isEmpty: '4c679800322335a2',
  isEmptyDueToFiltering: '3ed7a6934e37d707',
  firstOffset: '1f10e1c9e85f995e',
  lastOffset: '61396b9ae89f1f0d',
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
  patchConnection(require(source('network/connection.js')) as Class<Connection>);
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
  if (sourceHash(original) !== EXPECTED[name]) {
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
  const path = source('protocol/requests/fetch/v4/decodeMessages.js');
  requireSource('decodeMessages', require(path));
  const OldDecoder = require(source('protocol/decoder.js')) as new (buffer: Buffer) => Decoder;
  const decodeMessageSet = require(source('protocol/messageSet/decoder.js')) as DecodeMessageSet;
  const { lookupCodecByAttributes } = require(source('protocol/message/compression/index.js')) as Compression;
  const decodeMessages = createDecodeMessages({
    decodeBatch: createDecodeBatch(lookupCodecByAttributes),
    decodeMessageSet: (buffer) => decodeMessageSet(new OldDecoder(buffer), buffer.length),
  });
  replaceExports(require, path, decodeMessages);
  const paths = FETCH_VERSIONS.map((version) => source(`protocol/requests/fetch/v${version}/response.js`));
  for (const response of paths) Reflect.deleteProperty(require.cache, response);
  for (const response of paths.map((file) => require(file) as FetchResponseModule)) {
    const { decode } = response;
    response.decode = async (data) => hideAborted(await decode(data));
  }
}

type DecodeMessageSet = (decoder: Decoder, size: number) => Promise<OldMessage[]>;

interface Compression {
  lookupCodecByAttributes: (attributes: number) => BatchCodec | null;
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

/** See `receive.ts`. */
function patchConnection({ prototype }: Class<Connection>): void {
  requireSource('processData', prototype.processData);
  prototype.processData = processData;
}

interface BatchMethods {
  fetchedOffset: string;
  rawMessages: readonly unknown[];
  messagesWithinOffset: readonly unknown[];
  isEmpty: () => boolean;
  isEmptyDueToFiltering: () => boolean;
  firstOffset: () => string | bigint | null;
  lastOffset: () => string | bigint;
}

/**
 * Batches of which nothing is visible come to the handler like others, so that their commit and their order are the same. Where all
 * that came is before the offset that was asked for, kafkajs goes on behind that, since it takes the offset for compacted; ours are the last
 * ones of whole batches, gaps included, so that it is still to come. Offsets of our records are numbers, where kafkajs puts texts into its logs.
 */
function patchBatch({ prototype }: Class<BatchMethods>): void {
  const { firstOffset, lastOffset } = prototype;
  for (const name of ['isEmpty', 'isEmptyDueToFiltering', 'firstOffset', 'lastOffset'] as const)
    requireSource(name, prototype[name]);
  prototype.isEmpty = function (this: BatchMethods) {
    return this.rawMessages.length === 0;
  };
  prototype.isEmptyDueToFiltering = () => false;
  prototype.firstOffset = function (this: BatchMethods) {
    const offset = firstOffset.call(this);
    return offset === null ? null : String(offset);
  };
  prototype.lastOffset = function (this: BatchMethods) {
    const isBefore = this.rawMessages.length > 0 && this.messagesWithinOffset.length === 0;
    return String(isBefore ? BigInt(this.fetchedOffset) - 1n : lastOffset.call(this));
  };
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
