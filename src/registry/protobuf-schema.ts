import protobuf from 'protobufjs';
import { faultError, createMeter, payloadOf } from './faults.js';
import { messageReader, type MessageReader } from './protobuf-values.js';
import type { DecodePayload, SchemaSource } from './schemas.js';

/** The name under which the schema's own file is known; no reference can have it. */
const OWN_FILE = '';
/** Confluent's serialisers know this file without being told. */
const DECIMAL_FILE = 'confluent/type/decimal.proto';
const DECIMAL = `syntax = "proto3"; package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`;

/**
 * Compiles a schema. protobufjs reads it and the bytes; extensions are left out, since no schema says where they come from.
 * Throws where the schema can't be used.
 */
export function compileProtobuf({ text, references }: SchemaSource): DecodePayload {
  const root = new protobuf.Root();
  const imports = references.flatMap(
    ({ name, text: imported }) => parseFile(root, name, imported).imports ?? [],
  );
  const own = parseFile(root, OWN_FILE, text);
  const given = new Set(references.map(({ name }) => name));
  addKnownFiles(root, new Set([...imports, ...(own.imports ?? [])].filter((name) => !given.has(name))));
  removeExtensions(root);
  root.resolveAll();
  const package_ = own.package === undefined ? root : root.lookup(own.package);
  const readers = new Map<protobuf.Type, MessageReader>();
  return (bytes, path, limits) =>
    payloadOf(() => {
      const type = messageAt(package_, path);
      const reader = protobuf.Reader.create(bytes);
      reader.discardUnknown = true;
      // proto2 doesn't ask for UTF-8, but what isn't any can't be stored
      reader.string = () => reader.stringVerify();
      return messageReader(type, readers)(type.decode(reader), createMeter(limits));
    });
}

function parseFile(root: protobuf.Root, name: string, text: string): protobuf.IParserResult {
  // by it, messages of this file are told from imported ones of the same package; missing in the library's types
  Object.assign(protobuf.parse, { filename: name });
  return protobuf.parse(text, root, { keepCase: true });
}

/** What every compiler brings along, and registries therefore don't list. */
function addKnownFiles(root: protobuf.Root, imports: ReadonlySet<string>): void {
  for (const name of imports) {
    const known = protobuf.common.get(name);
    if (known?.nested !== undefined) root.addJSON(known.nested);
    if (name === DECIMAL_FILE) parseFile(root, DECIMAL_FILE, DECIMAL);
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
