import { BSON } from 'mongodb';

/** A document of these fields in this order, numbers and equal names among them. */
export function bsonOf(...fields: [name: string, value: unknown][]): Buffer {
  const elements = fields.map(([name, value]) =>
    Buffer.from(BSON.serialize({ [name]: value }, { ignoreUndefined: false })).subarray(4, -1),
  );
  const document = Buffer.concat([Buffer.alloc(4), ...elements, Buffer.of(0)]);
  document.writeInt32LE(document.length);
  return document;
}
