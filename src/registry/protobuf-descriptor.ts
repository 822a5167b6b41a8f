import protobuf from 'protobufjs';
import descriptor, { type IFileDescriptorProto } from 'protobufjs/ext/descriptor.js';

/** What a file says about itself. */
export interface ProtobufFile {
  /** '': none. */
  package: string;
  imports: readonly string[];
}

/**
 * Adds a file that is compiled (a `FileDescriptorProto`), as Confluent's clients for Python, Go and .NET register theirs. Some
 * registries, such as Apicurio's, give it back as it is. `name`: what its messages are to be known by. Throws where it isn't one.
 */
export function addDescriptor(root: protobuf.Root, name: string, bytes: Buffer): ProtobufFile {
  const file = descriptor.FileDescriptorProto.decode(bytes) as unknown as IFileDescriptorProto;
  if (file.syntax === 'editions') throw new Error('it is compiled and of an edition: register its text');
  const written = { package: file.package ?? '', imports: (file.dependency ?? []) as string[] };
  const namespace = written.package === '' ? root : root.define(written.package);
  const context = { edition: file.syntax === 'proto3' ? 'proto3' : 'proto2', keepCase: true };
  for (const message of file.messageType ?? []) {
    const type = protobuf.Type.fromDescriptor(message, context);
    setFile(type, name);
    namespace.add(type);
  }
  for (const values of file.enumType ?? []) namespace.add(protobuf.Enum.fromDescriptor(values, context));
  return written;
}

function setFile(type: protobuf.Type, name: string): void {
  type.filename = name;
  for (const nested of type.nestedArray) if (nested instanceof protobuf.Type) setFile(nested, name);
}
