/**
 * Whether what a profile brings to identify itself can be used. The libraries ignore some mistakes, quote a key in the error
 * of another, and tell most as "transport error". Texts name the variable, which is also the key in `temporal.toml`.
 */
import { readFileSync } from 'node:fs';
import type { ClientConfigProfile, ClientConfigTLS, ConfigDataSource } from '@temporalio/envconfig';
import { fileErrorText } from '../config/environment.js';
import { isWorldReadable, WORLD_READABLE } from '../config/file-mode.js';
import { certificateFault, keyFault } from '../config/pem.js';
import { certificateWarning } from '../tls.js';

const CLIENT_CERT = 'TEMPORAL_TLS_CLIENT_CERT';

/** Mistakes with which no connection can come about, or not the one that was meant; none of them quotes a secret. */
export function credentialFaults({ apiKey, grpcMeta = {}, tls }: ClientConfigProfile): string[] {
  const headers = [['TEMPORAL_API_KEY', apiKey ?? ''] as const, ...Object.entries(grpcMeta)];
  const unsendable = headers
    .filter(([, value]) => /[^\x20-\x7e]/.test(value))
    .map(([name]) => `${name} has a line break, or another character that can't be sent; remove it`);
  return [...unsendable, ...(tls === undefined || tls.disabled === true ? [] : tlsFaults(tls))];
}

/** A file or a text of the profile. */
interface Pem {
  /** The variable, with the file that it names. */
  place: string;
  text: string;
}

function tlsFaults({ serverCACert, clientCert, clientKey }: ClientConfigTLS): string[] {
  const faults: string[] = [];
  const read = (variable: string, source: ConfigDataSource | undefined): Pem | null => {
    if (source === undefined) return null;
    const place = placeOf(variable, source);
    try {
      return { place, text: textOf(source) };
    } catch (error) {
      faults.push(`${place} can't be read: ${fileErrorText(error)}`);
      return null;
    }
  };
  const [ca, cert, key] = [
    read('TEMPORAL_TLS_SERVER_CA_CERT', serverCACert),
    read(CLIENT_CERT, clientCert),
    read('TEMPORAL_TLS_CLIENT_KEY', clientKey),
  ];
  for (const pem of [ca, cert]) addFault(faults, pem, certificateFault);
  addFault(faults, key, (text) => clientKeyFault(text, cert));
  if ((clientCert === undefined) !== (clientKey === undefined))
    faults.push('of TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH only one is set');
  return faults;
}

function addFault(faults: string[], pem: Pem | null, faultOf: (text: string) => string | null): void {
  const fault = pem === null ? null : faultOf(pem.text);
  if (pem !== null && fault !== null) faults.push(`${pem.place} ${fault}`);
}

function clientKeyFault(text: string, cert: Pem | null): string | null {
  if (text.includes('ENCRYPTED'))
    return "is encrypted, which Temporal's libraries can't read; store it without a passphrase";
  return keyFault(text, null, cert?.text ?? null);
}

function placeOf(variable: string, source: ConfigDataSource): string {
  return 'path' in source ? `${variable}_PATH (${source.path})` : `${variable}_DATA`;
}

function textOf(source: ConfigDataSource): string {
  if ('path' in source) return readFileSync(source.path, 'utf8');
  return typeof source.data === 'string' ? source.data : Buffer.from(source.data).toString('utf8');
}

/**
 * What works but should be mended, or won't work for long. Of a profile without faults.
 * @param variables those that the profile was read with; what they don't set comes from the file that they name
 */
export function credentialWarnings(
  profile: ClientConfigProfile,
  variables: Readonly<Record<string, string>>,
): string[] {
  const { apiKey, tls: { clientCert, clientKey, disabled } = {} } = profile;
  const warnings = configFileWarnings(profile, variables);
  if (clientCert !== undefined && disabled !== true) {
    const warning = certificateWarning(placeOf(CLIENT_CERT, clientCert), textOf(clientCert));
    if (warning !== null) warnings.push(warning);
  }
  if (clientKey !== undefined && 'path' in clientKey && isWorldReadable(clientKey.path)) {
    const place = `TEMPORAL_TLS_CLIENT_KEY_PATH (${clientKey.path})`;
    warnings.push(`${place}: ${WORLD_READABLE}`);
  }
  if (apiKey !== undefined && disabled === true)
    warnings.push(
      'TEMPORAL_API_KEY is sent without TLS, for everybody on the way to read; remove TEMPORAL_TLS',
    );
  return warnings;
}

function configFileWarnings(
  { apiKey, tls: { clientKey } = {} }: ClientConfigProfile,
  variables: Readonly<Record<string, string>>,
): string[] {
  const file = variables['TEMPORAL_CONFIG_FILE'];
  const hasKey = apiKey !== undefined && variables['TEMPORAL_API_KEY'] === undefined;
  const hasClientKey =
    clientKey !== undefined && 'data' in clientKey && variables['TEMPORAL_TLS_CLIENT_KEY_DATA'] === undefined;
  if (file === undefined || !(hasKey || hasClientKey) || !isWorldReadable(file)) return [];
  return [`TEMPORAL_CONFIG_FILE (${file}), in which a key stands: ${WORLD_READABLE}`];
}
