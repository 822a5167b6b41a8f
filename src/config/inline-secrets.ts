/** Secrets that stand in the configuration file itself, not in a file or variable that it names. */
import { REFERENCE } from './environment.js';
import { WORLD_READABLE } from './file-mode.js';
import type { Path, Problem } from './problem.js';
import { valueAt } from './validate.js';

const PLACES: readonly Path[] = [
  ['kafka', 'sasl', 'password'],
  ['kafka', 'sasl', 'clientSecret'],
  ['kafka', 'sasl', 'ssl', 'passphrase'],
  ['kafka', 'ssl', 'passphrase'],
  ['mongodb', 'uri'],
  ['mongodb', 'ssl', 'passphrase'],
  ['schemaRegistry', 'password'],
  ['schemaRegistry', 'ssl', 'passphrase'],
];
const PASSWORD_IN_URI = /^[^/]*:\/\/[^/@:]*:[^/@]+@/;

/** What to warn of where every user of the machine can read the file; `data` as it is written, references not replaced. */
export function inlineSecretWarnings(data: unknown): Problem[] {
  return PLACES.filter((path) => hasSecret(path, valueAt(data, path))).map((path) => ({
    path,
    text: `a secret stands in the configuration itself: ${WORLD_READABLE}, or keep the secret in a file of its own`,
  }));
}

function hasSecret([, key]: Path, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const literal = value.replaceAll(REFERENCE, '');
  return key === 'uri' ? PASSWORD_IN_URI.test(literal) : literal !== '';
}
