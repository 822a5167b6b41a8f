import protobuf from 'protobufjs';
import { faultError, createMeter, payloadOf } from './faults.js';
import { addDescriptor, type ProtobufFile } from './protobuf-descriptor.js';
import { knownFile } from './protobuf-files.js';
import { inputOf, meterMessages, type Making } from './protobuf-input.js';
import { messageReader, type MessageReader } from './protobuf-values.js';
import type { DecodePayload, SchemaSource } from './schemas.js';

/** The name under which the schema's own file is known; no reference can have it. */
const OWN_FILE = '';
/** Confluent's clients in other languages than Java register files that are compiled. */
const BASE64 = /^[A-Za-z0-9+/]+=*$/;
/** A name that JavaScript's objects can't hold as data; protobufjs would drop such a field without a word. */
const UNUSABLE_NAME = '__proto__';

/**
 * Compiles a schema. protobufjs reads it and the bytes; extensions are left out, since no schema says where they come from.
 * Throws where the schema can't be used.
 */
export function compileProtobuf({ text, references }: SchemaSource): DecodePayload {
  const root = new protobuf.Root();
  const imports = references.flatMap(({ name, text: imported }) => addFile(root, name, imported).imports);
  const own = addFile(root, OWN_FILE, text);
  const given = new Set(references.map(({ name }) => name));
  addKnownFiles(root, [...imports, ...own.imports], given);
  removeExtensions(root);
  root.resolveAll();
  const making: Making = { meter: null };
  meterMessages(root, making);
  const package_ = own.package === '' ? root : root.lookup(own.package);
  const readers = new Map<protobuf.Type, MessageReader>();
  return (bytes, path, limits) =>
    payloadOf(() => {
      const type = messageAt(package_, path);
      const meter = createMeter(limits);
      making.meter = createMeter(limits);
      return messageReader(type, readers)(type.decode(inputOf(bytes, meter, making.meter)), meter);
    });
}

/** By `name` messages of this file are told from imported ones of the same package. */
function addFile(root: protobuf.Root, name: string, text: string): ProtobufFile {
  const compiled = BASE64.test(text) ? Buffer.from(text, 'base64') : null;
  if ((compiled ?? text).includes(UNUSABLE_NAME)) throw new Error(`it uses the name ${UNUSABLE_NAME}`);
  if (compiled !== null) return addDescriptor(root, name, compiled);
  // missing in the library's types
  Object.assign(protobuf.parse, { filename: name });
  const parsed = protobuf.parse(text, root, { keepCase: true });
  return { package: parsed.package ?? '', imports: parsed.imports ?? [] };
}

/** What every compiler brings along, and registries therefore don't list. `given`: the names of files that are there. */
function addKnownFiles(root: protobuf.Root, imports: readonly string[], given: Set<string>): void {
  for (const name of imports) {
    if (given.has(name)) continue;
    given.add(name);
    const known = protobuf.common.get(name);
    if (known?.nested !== undefined) root.addJSON(known.nested);
    const text = knownFile(name);
    if (text !== undefined) addKnownFiles(root, addFile(root, name, text).imports, given);
  }
}

/** Fields that one message gives to another; unresolved ones would make the whole schema unusable. */
function removeExtensions(namespace: protobuf.NamespaceBase): void {
  for (const nested of [...namespace.nestedArray]) {
    if (nested instanceof protobuf.Field) namespace.remove(nested);
    else if (nested instanceof protobuf.Namespace) removeExtensions(nested);
  }
}

/** The message that the indexes lead to, from the outermost; in the order in which the file has them. */
function messageAt(package_: protobuf.ReflectionObject | null, path: readonly number[]): protobuf.Type {
  let found: protobuf.ReflectionObject | null = package_;
  for (const index of path) {
    if (!(found instanceof protobuf.Namespace)) throw faultError('MALFORMED');
    found = found.nestedArray.filter(isOwnMessage)[index] ?? null;
  }
  if (!(found instanceof protobuf.Type)) throw faultError('MALFORMED');
  return found;
}

function isOwnMessage(object: protobuf.ReflectionObject): boolean {
  return object instanceof protobuf.Type && object.filename === OWN_FILE;
}
