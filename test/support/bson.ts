import { BSON } from 'mongodb';
import { documentOf } from '../../src/mongodb/bson-elements.js';

/** A document of these fields in this order, numbers and equal names among them. */
export function bsonOf(...fields: [name: string, value: unknown][]): Buffer {
  const elements = fields.map(([name, value]) =>
    Buffer.from(BSON.serialize({ [name]: value }, { ignoreUndefined: false })).subarray(4, -1),
  );
  return documentOf(elements);
}
