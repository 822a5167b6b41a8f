/** The section `mongodb` as the program uses it. */
import { resolve } from 'node:path';
import { readChecked, required, toTls, type FileReader } from './connections.js';
import { certificateFault, firstCertificate, keyFault } from './pem.js';
import type { Path } from './problem.js';
import type { FileConfig } from './schema.js';
import type { MongodbSettings } from './settings.js';

/** `null` where the database can't be read. */
export function toMongodb(
  written: Partial<FileConfig['mongodb']>,
  reader: FileReader,
): MongodbSettings | null {
  const { uri: value, uriFile: file, ssl, database } = written;
  const uri = required({ path: ['mongodb'], key: 'uri', value, file }, reader);
  const place = ['mongodb', file === undefined ? 'uri' : 'uriFile'];
  const uriCert = uri === '' ? null : checkOptionsOf(uri, place, reader);
  const tls = ssl === undefined ? null : toTls(['mongodb', 'ssl'], ssl, reader);
  return database === undefined ? null : { uri, database, tls, uriCert };
}

/** @returns the client certificate of the file that the URI names */
function checkOptionsOf(uri: string, path: Path, reader: FileReader): string | null {
  const options = optionsOf(uri);
  for (const name of UNCHECKED.filter((option) => options.get(option.toLowerCase()) === 'true'))
    reader.problems.push({ path, text: `${name} is not allowed: ${REMEDY}` });
  return checkFilesOf(options, path, reader);
}

/** Options with which whoever is on the way could answer for the server. */
const UNCHECKED = ['tlsInsecure', 'tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames'];
const REMEDY =
  "certificate and host name are always checked; remove it, name the servers' CA in mongodb.ssl.ca, and use the host names in their certificates";

/** The driver reads the files that its options in the URI name, but says of a bad one only that some server can't be reached. */
function checkFilesOf(options: Map<string, string>, path: Path, reader: FileReader): string | null {
  const ca = options.get('tlscafile');
  if (ca !== undefined)
    readChecked(path, resolve(ca), reader, certificateFault, 'public', whatOf('tlsCAFile', ca));
  const pem = options.get('tlscertificatekeyfile');
  if (pem === undefined) return null;
  const passphrase = options.get('tlscertificatekeyfilepassword') ?? null;
  const names = { passphrase: 'tlsCertificateKeyFilePassword', cert: 'the same file' };
  const faultOf = (text: string) => certificateFault(text) ?? keyFault(text, passphrase, text, names);
  return firstCertificate(
    readChecked(path, resolve(pem), reader, faultOf, 'secret', whatOf('tlsCertificateKeyFile', pem)),
  );
}

function whatOf(option: string, file: string): string {
  return `${option} ${file}: `;
}

/** By their names in lower case, since the driver doesn't distinguish. */
function optionsOf(uri: string): Map<string, string> {
  const pairs = new URLSearchParams(uri.slice(uri.indexOf('?') + 1).replaceAll('+', '%2B'));
  return new Map([...pairs].map(([name, value]) => [name.toLowerCase(), value]));
}
