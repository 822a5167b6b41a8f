/** The sections about servers as the program uses them: files read, exactly one source for every secret. */
import { CLIENT_ID, WORKER_DEFAULTS } from './defaults.js';
import { fileErrorText } from './environment.js';
import { WORLD_READABLE } from './file-mode.js';
import type { Path, Problem } from './problem.js';
import { certificateFault, keyFault } from './pem.js';
import { toSasl } from './sasl.js';
import type { FileConfig } from './schema.js';
import type { KafkaSettings, TlsSettings, WorkerSettings } from './settings.js';
import { DEFAULT_TASK_QUEUE } from '../contract.js';
import { NO_TLS_FILES } from '../tls.js';

/** Files named in the configuration, relative to its folder. */
export interface Files {
  /** The text of a file; throws where it can't be read. */
  readFile: (path: string) => string;
  /** Whether every user of this machine may read it. */
  isWorldReadable: (path: string) => boolean;
  /** Whether every user may read the configuration itself. */
  isOwnWorldReadable: () => boolean;
  /** Its absolute path. */
  locate: (path: string) => string;
}

/** Reads files; what is wrong with them is kept beside, behind `what` where the path doesn't say which file is meant. */
export interface FileReader {
  read: (path: Path, file: string, what?: string) => string;
  /** As `read`, of a file that nobody else should read. */
  readSecret: (path: Path, file: string, what?: string) => string;
  locate: Files['locate'];
  problems: Problem[];
  warnings: Problem[];
}

export function createFileReader({ readFile, isWorldReadable, locate }: Files): FileReader {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const read = (path: Path, file: string, what = ''): string => {
    try {
      return readFile(file);
    } catch (error) {
      problems.push({ path, text: `${what}cannot be read: ${fileErrorText(error)}` });
      return '';
    }
  };
  const readSecret = (path: Path, file: string, what = ''): string => {
    const found = problems.length;
    const text = read(path, file, what);
    if (problems.length === found && isWorldReadable(file)) {
      warnings.push({ path, text: `${what}${WORLD_READABLE}` });
    }
    return text;
  };
  return { read, readSecret, locate, problems, warnings };
}

export interface Secret {
  path: Path;
  key: string;
  value: string | undefined;
  file: string | undefined;
}

/** A secret written in place or in a file of its own; without the line break at the end. `null`: neither. */
export function secretOf({ path, key, value, file }: Secret, reader: FileReader): string | null {
  if (value !== undefined && file !== undefined) {
    reader.problems.push({
      path: [...path, `${key}File`],
      text: `either ${key} or ${key}File, not both`,
      atKey: true,
    });
  }
  if (file === undefined) return value ?? null;
  return reader.readSecret([...path, `${key}File`], file).replace(/\r?\n$/, '');
}

export function required(secret: Secret, reader: FileReader): string {
  const value = secretOf(secret, reader);
  if (value === null)
    reader.problems.push({
      path: [...secret.path, secret.key],
      text: `missing; expected ${secret.key} or ${secret.key}File`,
    });
  return value ?? '';
}

/** `null` where the brokers can't be read; whatever can be is checked all the same. */
export function toKafka(written: Partial<FileConfig['kafka']>, reader: FileReader): KafkaSettings | null {
  const { brokers, clientId = CLIENT_ID } = written;
  const ssl = toKafkaTls(written.ssl ?? false, reader);
  const sasl = toSasl(written, reader);
  return brokers === undefined ? null : { brokers, clientId, ssl, sasl };
}

type WrittenSsl = NonNullable<FileConfig['kafka']['ssl']>;

function toKafkaTls(written: WrittenSsl, reader: FileReader): KafkaSettings['ssl'] {
  if (written === false) return null;
  if (written === true) return NO_TLS_FILES;
  return toTls(['kafka', 'ssl'], written, reader);
}

/** The files of a TLS section read. */
export function toTls(path: Path, written: Exclude<WrittenSsl, boolean>, reader: FileReader): TlsSettings {
  const pem = (key: 'ca' | 'cert') =>
    written[key] === undefined ? null : readChecked([...path, key], written[key], reader, certificateFault);
  if ((written.cert === undefined) !== (written.key === undefined)) {
    const [there, missing] = written.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    reader.problems.push({
      path: [...path, there],
      text: `a client certificate needs cert and key; ${missing} is missing`,
      atKey: true,
    });
  }
  const { passphrase: value, passphraseFile: file, key } = written;
  const passphrase = secretOf({ path, key: 'passphrase', value, file }, reader);
  const cert = pem('cert');
  const fault = (text: string) => keyFault(text, passphrase, cert);
  return {
    ca: pem('ca'),
    cert,
    key: key === undefined ? null : readChecked([...path, 'key'], key, reader, fault, 'secret'),
    passphrase,
  };
}

/** A file whose content must be of a kind. */
export function readChecked(
  path: Path,
  file: string,
  reader: FileReader,
  faultOf: (text: string) => string | null,
  kind: 'public' | 'secret' = 'public',
  what = '',
): string {
  const found = reader.problems.length;
  const text = kind === 'secret' ? reader.readSecret(path, file, what) : reader.read(path, file, what);
  const fault = reader.problems.length > found ? null : faultOf(text);
  if (fault !== null) reader.problems.push({ path, text: `${what}${fault}` });
  return text;
}

/** On the way to these a secret meets no network. */
const OWN_MACHINE = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/]|$)/i;

/** Whether what is sent there can be read on the way. */
export function isReadableUrl(url: string): boolean {
  return /^http:/i.test(url) && !OWN_MACHINE.test(url);
}

export function toWorker(written: NonNullable<FileConfig['worker']>): WorkerSettings {
  return {
    taskQueue: written.taskQueue ?? DEFAULT_TASK_QUEUE,
    healthAddress: written.health ?? null,
    metricsAddress: written.metrics ?? null,
    maxConcurrentDrains: written.maxConcurrentDrains ?? WORKER_DEFAULTS.maxConcurrentDrains,
    threadHeapMb: written.threadHeapMb ?? WORKER_DEFAULTS.threadHeapMb,
    heartbeatIntervalMs: written.heartbeatInterval ?? WORKER_DEFAULTS.heartbeatIntervalMs,
    searchAttributes: written.searchAttributes ?? WORKER_DEFAULTS.searchAttributes,
  };
}
