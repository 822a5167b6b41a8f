/**
 * The port through which the drain decodes records of a schema registry. Compiled schemas are at hand at once: only one that
 * nobody has asked for yet must be waited for. No type of the libraries behind it leaves this folder.
 */

/** The registry's own words. */
export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON';

/** The path of a schema below `/schemas/`: `ids/7`, or `guids/<uuid>`. */
export type SchemaRef = string;

export interface ShapeLimits {
  maxDepth: number;
  maxKeys: number;
}

/** Why bytes don't become a value by their schema. */
export type PayloadFault =
  'MALFORMED' | 'NOT_UTF8' | 'TOO_LARGE' | 'TOO_DEEP' | 'TOO_MANY_KEYS' | 'OUT_OF_RANGE' | 'UNSTORABLE_KEY';

export type Payload = { kind: 'value'; value: unknown } | { kind: 'fault'; fault: PayloadFault };

/** Never throws. `path`: which message of a Protobuf schema it is, by its indexes. */
export type DecodePayload = (bytes: Buffer, path: readonly number[], limits: ShapeLimits) => Payload;

/** What the registry said about a schema. */
export type SchemaEntry =
  | { kind: 'usable'; type: SchemaType; decode: DecodePayload }
  /** It has none of this id. */
  | { kind: 'unknown' }
  /** It has one that can't be used. */
  | { kind: 'unusable'; reason: string };

/** A schema as the registry keeps it, with everything it refers to. Never changes. */
export interface SchemaSource {
  type: SchemaType;
  text: string;
  /** Those it refers to, directly or not; what others refer to comes first. */
  references: readonly { name: string; text: string }[];
}

export interface Schemas {
  /** `undefined`: must be loaded first. */
  find: (ref: SchemaRef) => SchemaEntry | undefined;
  /**
   * Asks the registry; afterwards `find` knows it. Outages are waited for, for at most 60 s. Errors: `REGISTRY_UNAVAILABLE`,
   * `REGISTRY_REFUSED`; never for what the registry says about a single schema.
   */
  load: (ref: SchemaRef) => Promise<void>;
}
